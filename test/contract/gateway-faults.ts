import { expect, test } from 'vitest'
import { refusedPort } from '../support/free-port.ts'
import { serviceYaml } from '../support/gateway.ts'
import { echo, startHttp, startTcp } from '../support/http.ts'
import type { ShellCase } from './gateway-shell.ts'

/** What clients get when endpoints fail. */
export function faultTests({ start, differs, closers }: ShellCase): void {
  const gatewayTo = (endpoints: number[], annotations: Record<string, string> = {}) =>
    start(serviceYaml({ endpoints, annotations: { 'postern.dev/balance': 'round-robin', ...annotations } }))

  async function broken(onConnection: Parameters<typeof startTcp>[0]): Promise<number> {
    const server = await startTcp(onConnection)
    closers.push(server.close)
    return server.port
  }

  /** Writes that much to whoever asks, and is gone. */
  const dying = (half: string) =>
    broken((socket) => socket.once('data', () => socket.write(half, () => socket.destroy())))

  async function healthy(): Promise<number> {
    const server = await startHttp(echo)
    closers.push(server.close)
    return server.port
  }

  /** Resets every connection once it has been written to, and counts them. */
  async function resets(): Promise<{ readonly port: number; count(): number }> {
    let count = 0
    const port = await broken((socket) =>
      socket.once('data', () => {
        count++
        socket.resetAndDestroy()
      }),
    )
    return { port, count: () => count }
  }

  const refused = () => (differs('refused-looks-lost') ? 'connection_terminated' : 'connection_refused')

  test('an endpoint that refuses is a 502', async () => {
    const gateway = await gatewayTo([await refusedPort()])
    expect(await gateway.send()).toMatchObject({
      status: 502,
      headers: { 'proxy-status': `postern; error=${refused()}` },
    })
  })

  test('an endpoint that refuses is retried elsewhere', async () => {
    const gateway = await gatewayTo([await refusedPort(), await healthy()])
    for (let i = 0; i < 4; i++) expect((await gateway.send()).status).toBe(200)
  })

  test('an endpoint that refuses is avoided for a while, whatever the method', async () => {
    const gateway = await gatewayTo([await refusedPort(), await healthy()])
    // The first request or the second meets the one that refuses.
    for (let i = 0; i < 2; i++) expect((await gateway.send()).status).toBe(200)
    for (let i = 0; i < 3; i++) {
      const headers = { 'content-length': '5' }
      const { status, body } = await gateway.send({ method: 'POST', headers, body: 'hello' })
      expect(status).toBe(200)
      expect(JSON.parse(body).body).toBe('hello')
    }
  })

  test('a POST that an endpoint refused is sent elsewhere where a refusal can be told', async () => {
    const gateway = await gatewayTo([await refusedPort(), await refusedPort(), await healthy()])
    const answers = new Set<number>()
    for (let i = 0; i < 3; i++) {
      const headers = { 'content-length': '1' }
      answers.add((await gateway.send({ method: 'POST', headers, body: 'x' })).status)
    }
    if (differs('refused-looks-lost')) expect(answers).toContain(502)
    else expect([...answers]).toEqual([200])
  })

  test('an idempotent request whose body no endpoint has taken is sent elsewhere', async () => {
    const gateway = await gatewayTo([await refusedPort(), await healthy()])
    const answers: number[] = []
    for (let i = 0; i < 2; i++) {
      const headers = { 'content-length': '1' }
      answers.push((await gateway.send({ method: 'PUT', headers, body: 'x' })).status)
    }
    if (differs('body-is-taken-early')) expect(answers).toContain(502)
    else expect(answers).toEqual([200, 200])
  })

  test('an endpoint that resets is a 502, and not retried for POST', async () => {
    const pods = [await resets(), await resets()]
    const gateway = await gatewayTo(pods.map(({ port }) => port))
    const headers = { 'content-length': '1' }
    expect(await gateway.send({ method: 'POST', headers, body: 'x' })).toMatchObject({
      status: 502,
      headers: { 'proxy-status': 'postern; error=connection_terminated' },
    })
    expect(pods.reduce((sum, { count }) => sum + count(), 0)).toBe(1)
  })

  test('a reset is retried elsewhere for GET', async () => {
    const gateway = await gatewayTo([(await resets()).port, await healthy()])
    for (let i = 0; i < 4; i++) expect((await gateway.send()).status).toBe(200)
  })

  test('an endpoint that hangs is a 504 when its time is over', async () => {
    const gateway = await gatewayTo([await broken(() => {})], { 'postern.dev/timeout': '50ms' })
    expect(await gateway.send()).toMatchObject({
      status: 504,
      headers: { 'proxy-status': 'postern; error=http_response_timeout' },
    })
  })

  test('an endpoint that answers garbage is a 502', async () => {
    const garbage = () => broken((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n')))
    const gateway = await gatewayTo([await garbage()])
    const error = differs('garbage-looks-lost') ? 'connection_terminated' : 'http_protocol_error'
    expect(await gateway.send()).toMatchObject({
      status: 502,
      headers: { 'proxy-status': `postern; error=${error}` },
    })
  })

  test('a response with a field that cannot be passed on is a 502, and the next one is served', async () => {
    const bad = 'HTTP/1.1 200 OK\r\nX-Bad: a\x01b\r\nContent-Length: 0\r\n\r\n'
    const gateway = await gatewayTo([await broken((socket) => socket.on('data', () => socket.write(bad)))])
    for (let i = 0; i < 2; i++) expect((await gateway.send()).status).toBe(502)
  })

  test('an endpoint that dies in the middle of a body cuts the response, and the client can tell', async () => {
    const half = 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf'
    const gateway = await gatewayTo([await dying(half)])
    await expect(gateway.send()).rejects.toThrow()
  })

  test('one that dies in the middle of a short body never looks whole', async () => {
    const half = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'
    const gateway = await gatewayTo([await dying(half)])
    if (!differs('small-is-whole')) return await expect(gateway.send()).rejects.toThrow()
    expect(await gateway.send()).toMatchObject({
      status: 502,
      headers: { 'proxy-status': 'postern; error=http_response_incomplete' },
    })
  })

  test('no endpoint is a 503, an unknown host or path a 404', async () => {
    const gateway = await gatewayTo([], { 'postern.dev/path': '/api' })
    const none = await gateway.send({ path: '/api' })
    expect(none.status).toBe(503)
    expect(none.headers['proxy-status']).toBe('postern; error=destination_unavailable')
    expect((await gateway.send({ path: '/' })).status).toBe(404)
    expect((await gateway.send({ host: 'nobody.example.test' })).status).toBe(404)
  })

  test('a method that is not carried is refused', async () => {
    const gateway = await gatewayTo([await healthy()])
    // A request of the web cannot be made with it.
    if (gateway.port === undefined) return
    const { status } = await gateway.send({ method: 'TRACE' })
    expect([405, 501]).toContain(status)
  })
}
