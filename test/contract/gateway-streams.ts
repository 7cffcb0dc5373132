import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { serviceYaml } from '../support/gateway.ts'
import { startHttp } from '../support/http.ts'
import type { ShellCase } from './gateway-shell.ts'

const HOST = 'web.shop.example.test'

/** What takes its time: streams, uploads and WebSockets. */
export function streamTests({ start, differs, closers }: ShellCase): void {
  async function gatewayTo(listener: Parameters<typeof startHttp>[0], annotations = {}) {
    const pod = await startHttp(listener)
    closers.push(pod.close)
    return start(serviceYaml({ endpoints: [pod.port], annotations }))
  }

  test('server-sent events arrive one by one, while the response goes on', async () => {
    let next: () => void = () => {}
    const gateway = await gatewayTo((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      let count = 0
      next = () => void response.write(`data: ${++count}\n\n`)
    })
    const response = await gateway.open()
    expect(response.headers['content-type']).toBe('text/event-stream')
    for (const expected of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      next()
      expect(await response.next()).toBe(expected)
    }
    response.leave()
  })

  test('a body is answered while it is sent: both ways stream', async () => {
    const gateway = await gatewayTo((request, response) => {
      response.writeHead(200).flushHeaders()
      request.on('data', (chunk) => response.write(`got ${chunk}`)).on('end', () => response.end())
    })
    const parts = Promise.withResolvers<void>()
    async function* upload() {
      yield 'one'
      await parts.promise
      yield 'two'
    }
    const response = await gateway.open(
      { method: 'POST', headers: { 'transfer-encoding': 'chunked' } },
      upload(),
    )
    expect(await response.next()).toBe('got one')
    parts.resolve()
    expect(await response.next()).toBe('got two')
    expect(await response.next()).toBeUndefined()
  })

  test('a large body goes through whole, both ways', async () => {
    const gateway = await gatewayTo((request, response) => void request.pipe(response))
    const body = 'x'.repeat(3_000_000)
    const headers = { 'content-length': `${body.length}` }
    const answer = await gateway.send({ method: 'POST', headers, body })
    expect(answer.body === body).toBe(true)
  })

  test('a response that falls silent is cut when its idle time is over', async () => {
    const gateway = await gatewayTo((_request, response) => void response.writeHead(200).write('begun'), {
      'postern.dev/idle-timeout': '50ms',
    })
    await expect(gateway.send()).rejects.toThrow()
  })

  test('an upload whose client stalls is a 408', async () => {
    const gateway = await gatewayTo(
      (incoming, response) => void incoming.resume().on('end', () => response.end('done')),
      { 'postern.dev/timeout': '50ms' },
    )
    const rest = Promise.withResolvers<void>()
    async function* upload() {
      yield 'half'
      await rest.promise
    }
    const headers = { 'content-length': '10' }
    const { status } = await gateway.open({ method: 'POST', headers }, upload())
    rest.resolve()
    expect(status).toBe(408)
  })

  test('a body that comes slowly goes whole', async () => {
    const gateway = await gatewayTo(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response.end(`heard ${body}`)
    })
    async function* upload() {
      for (const part of ['one ', 'two ', 'three']) {
        yield part
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const response = await gateway.open(
      { method: 'PUT', headers: { 'transfer-encoding': 'chunked' } },
      upload(),
    )
    expect(response.status).toBe(200)
    expect(await response.next()).toBe('heard one two three')
  })

  test('a client that leaves in the middle of an answer ends the attempt', async () => {
    const closed = Promise.withResolvers<void>()
    const gateway = await gatewayTo((_request, response) => {
      response.writeHead(200)
      const feed = (): void => {
        while (response.write('x'.repeat(65_536)));
      }
      response.on('drain', feed).once('close', () => closed.resolve())
      feed()
    })
    const response = await gateway.open()
    await response.next()
    response.leave()
    await closed.promise
  })

  test('a client that leaves before the answer ends the attempt', async () => {
    const asked = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    const gateway = await gatewayTo(
      (_request, response) => {
        response.once('close', () => closed.resolve())
        asked.resolve()
      },
      // Where nobody tells that a client has left, this ends the attempt.
      differs('leaving-is-not-seen') ? { 'postern.dev/timeout': '200ms' } : {},
    )
    if (gateway.port === undefined) return
    const client = connect(gateway.port, '127.0.0.1')
    client.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    await asked.promise
    client.destroy()
    await closed.promise
  })

  test('a WebSocket is joined both ways, with its subprotocol and close code', async () => {
    const pod = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'chat' })
    await once(pod, 'listening')
    pod.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    )
    closers.push(() => pod.close())
    const gateway = await start(serviceYaml({ endpoints: [(pod.address() as AddressInfo).port] }))
    if (differs('no-websocket')) return
    const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`, 'chat', { headers: { host: HOST } })
    await once(client, 'open')
    expect(client.protocol).toBe('chat')
    const large = Buffer.alloc(300_000, 7)
    client.send(large)
    const [back] = await once(client, 'message')
    expect(large.equals(back)).toBe(true)
    client.close(4001, 'done')
    expect((await once(client, 'close'))[0]).toBe(4001)
  })

  test('an endpoint that declines an upgrade is heard', async () => {
    const gateway = await gatewayTo(
      (_request, response) => void response.writeHead(403, { 'x-why': 'no' }).end('declined'),
    )
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    }
    if (differs('no-websocket')) return
    const { status, headers: fields, body } = await gateway.send({ headers })
    expect({ status, why: fields['x-why'], body }).toEqual({ status: 403, why: 'no', body: 'declined' })
    expect((await gateway.send({ host: 'nobody.test', headers })).status).toBe(404)
  })
}
