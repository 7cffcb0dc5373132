import { expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { serviceYaml } from '../support/gateway.ts'
import { echo, startHttp } from '../support/http.ts'
import type { RunningShell, ShellCase } from './gateway-shell.ts'

/** Who may come, and how much. */
export function limitTests({ start, differs, closers }: ShellCase): void {
  async function gatewayTo(
    annotations: Readonly<Record<string, string>>,
    listener: Parameters<typeof startHttp>[0] = echo,
  ): Promise<RunningShell> {
    const pod = await startHttp(listener)
    closers.push(pod.close)
    return start(serviceYaml({ endpoints: [pod.port], annotations }))
  }

  test.each([
    [{ 'postern.dev/allow-cidrs': '127.0.0.0/8' }, 200],
    [{ 'postern.dev/allow-cidrs': '203.0.113.0/24' }, 403],
    [{ 'postern.dev/deny-cidrs': '127.0.0.1' }, 403],
    [{ 'postern.dev/deny-cidrs': '::ffff:127.0.0.1' }, 403],
    [{ 'postern.dev/deny-cidrs': '203.0.113.0/24' }, 200],
    [{ 'postern.dev/allow-cidrs': '127.0.0.0/8', 'postern.dev/deny-cidrs': '127.0.0.1/32' }, 403],
    // Malformed, and empty: closed, whatever the other says.
    [{ 'postern.dev/allow-cidrs': '127.0.0.0/8', 'postern.dev/deny-cidrs': '127.0.0.1/33' }, 503],
    [{ 'postern.dev/allow-cidrs': '' }, 503],
  ])('allow and deny lists: %j is %i', async (annotations, status) => {
    const gateway = await gatewayTo(annotations)
    expect((await gateway.send()).status).toBe(status)
    // Who is no trusted proxy cannot say that it is somebody else.
    const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' }
    expect((await gateway.send({ headers })).status).toBe(status)
  })

  test('a body that says that it is too large is a 413, and no endpoint hears of it', async () => {
    let asked = 0
    const gateway = await gatewayTo({ 'postern.dev/max-body-size': '10' }, (request, response) => {
      asked++
      return echo(request, response)
    })
    const post = (body: string) =>
      gateway.send({ method: 'POST', headers: { 'content-length': `${body.length}` }, body })
    expect((await post('x'.repeat(11))).status).toBe(413)
    expect(asked).toBe(0)
    expect((await post('x'.repeat(10))).status).toBe(200)
    expect((await gateway.send()).status).toBe(200)
  })

  test('a body that says no length is a 413 once it is too large, and never whole', async () => {
    const heard: { body: string; isWhole: boolean }[] = []
    const ended = Promise.withResolvers<void>()
    const gateway = await gatewayTo({ 'postern.dev/max-body-size': '10' }, (request, response) => {
      const one = { body: '', isWhole: false }
      heard.push(one)
      request.on('data', (chunk) => {
        one.body += chunk
      })
      request.on('end', () => {
        one.isWhole = true
        response.end('done')
      })
      request.on('close', () => ended.resolve())
    })
    async function* upload(...parts: readonly string[]) {
      for (const part of parts) {
        yield part
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const headers = { 'transfer-encoding': 'chunked' }
    const refused = await gateway.open({ method: 'POST', headers }, upload('12345', '67890', '!'))
    expect(refused.status).toBe(413)
    if (heard.length > 0) await ended.promise
    expect(heard.filter(({ body, isWhole }) => isWhole || body.includes('!'))).toEqual([])
    const fits = await gateway.open({ method: 'POST', headers }, upload('12345', '67890'))
    expect(fits.status).toBe(200)
  })

  test('header fields that are too large together are a 431', async () => {
    const gateway = await gatewayTo({ 'postern.dev/max-header-size': '2Ki' })
    expect((await gateway.send({ headers: { 'x-small': 'x'.repeat(1000) } })).status).toBe(200)
    expect((await gateway.send({ headers: { 'x-large': 'x'.repeat(2040) } })).status).toBe(431)
    const several = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, 'x'.repeat(100)]))
    expect((await gateway.send({ headers: several })).status).toBe(431)
  })

  test.each([
    { 'postern.dev/max-body-size': '10MB' },
    { 'postern.dev/max-body-size': '0' },
    { 'postern.dev/max-header-size': '33Ki' },
    { 'postern.dev/max-header-size': '' },
    { 'postern.dev/max-concurrent-requests': '0' },
    { 'postern.dev/max-concurrent-requests': 'many' },
    { 'postern.dev/rate-limit': '100' },
    { 'postern.dev/rate-limit': '100/s shared' },
    { 'postern.dev/rate-limit': '100/s key=cookie:id' },
  ])('a limit that cannot be read closes the Service: %j', async (annotations) => {
    const gateway = await gatewayTo(annotations)
    expect((await gateway.send()).status).toBe(503)
  })

  test('requests beyond those that may be under way are a 503 that says when to come back', async () => {
    const held: (() => void)[] = []
    const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const gateway = await gatewayTo({ 'postern.dev/max-concurrent-requests': '2' }, (request, response) => {
      if (request.url === '/free') return void response.end('free')
      held.push(() => void response.end('held'))
      arrived[held.length - 1]?.resolve()
    })
    const slow = [gateway.send(), gateway.send()]
    await Promise.all(arrived.map(({ promise }) => promise))
    const refused = await gateway.send({ path: '/free' })
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    expect(refused.headers['proxy-status']).toBe('postern; error=connection_limit_reached')
    for (const end of held.splice(0)) end()
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200])
    // All places are free again, each of them once.
    await waitFor(
      'a free place',
      async () => (await gateway.send({ path: '/free' })).status,
      (status) => status === 200,
    )
  })

  test('who comes too often is a 429 that says when to come back', async () => {
    const gateway = await gatewayTo({ 'postern.dev/rate-limit': '2/h' })
    expect([(await gateway.send()).status, (await gateway.send()).status]).toEqual([200, 200])
    const { status, headers } = await gateway.send()
    const wait = Number(headers['retry-after'])
    expect({ status, isSoon: wait > 1700 && wait <= 1800 }).toEqual({ status: 429, isSoon: true })
    expect(headers['ratelimit-policy']).toBe('"client";q=2;w=3600')
    expect(headers.ratelimit).toBe(`"client";r=0;t=${wait}`)
  })

  test('nobody is another client by saying so', async () => {
    const gateway = await gatewayTo({ 'postern.dev/rate-limit': '1/h key=client' })
    expect((await gateway.send()).status).toBe(200)
    for (const headers of [
      { 'x-forwarded-for': '203.0.113.9' },
      { forwarded: 'for=203.0.113.9' },
      { 'x-real-ip': '203.0.113.9' },
    ]) {
      expect((await gateway.send({ headers, path: '/other?x=1', method: 'POST' })).status).toBe(429)
    }
  })

  test('a limit by header counts who leaves it out by address, and never as who says that address', async () => {
    const gateway = await gatewayTo({ 'postern.dev/rate-limit': '1/h key=header:X-Api-Key' })
    const ask = async (headers: Readonly<Record<string, string>>) => (await gateway.send({ headers })).status
    expect(await ask({ 'x-api-key': 'a' })).toBe(200)
    expect(await ask({ 'X-API-KEY': 'a' })).toBe(429)
    expect(await ask({ 'x-api-key': '127.0.0.1' })).toBe(200)
    expect(await ask({ 'x-api-key': 'b' })).toBe(200)
    expect(await ask({})).toBe(200)
    expect(await ask({})).toBe(429)
  })

  test('a limit by route is shared by all clients and headers', async () => {
    const gateway = await gatewayTo({ 'postern.dev/rate-limit': '2/h key=route' })
    const statuses = []
    for (const path of ['/a', '/b', '/c']) statuses.push((await gateway.send({ path })).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  test('a limit that is shared does as it says where nobody can count together', async () => {
    const closed = await gatewayTo({ 'postern.dev/rate-limit': '2/h shared on-error=closed' })
    expect((await closed.send()).status).toBe(differs('counts-apart') ? 503 : 200)
    const open = await gatewayTo({ 'postern.dev/rate-limit': '1/h shared on-error=open' })
    expect([(await open.send()).status, (await open.send()).status]).toEqual([200, 429])
  })
}
