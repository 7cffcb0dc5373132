import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { serviceYaml, startGateway } from '../support/gateway.ts'
import { send, startHttp } from '../support/http.ts'

const HOST = 'web.shop.example.test'
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function gatewayTo(port: number, annotations = {}) {
  const gateway = await startGateway(serviceYaml({ endpoints: [port], annotations }))
  closers.push(gateway.close)
  return gateway
}

test('server-sent events arrive one by one, while the response goes on', async () => {
  let next: () => void = () => {}
  const pod = await startHttp((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    let count = 0
    next = () => void response.write(`data: ${++count}\n\n`)
  })
  closers.push(pod.close)
  const gateway = await gatewayTo(pod.port)
  const outgoing = request({
    host: '127.0.0.1',
    port: gateway.port,
    headers: { host: HOST },
    agent: false,
  }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  for (const expected of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
    next()
    const [chunk] = await once(response, 'data')
    expect(String(chunk)).toBe(expected)
  }
  response.destroy()
})

test('a WebSocket is joined both ways, with its subprotocol and close code', async () => {
  const pod = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'chat' })
  await once(pod, 'listening')
  pod.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  )
  closers.push(() => pod.close())
  const address = pod.address()
  const gateway = await gatewayTo(typeof address === 'object' && address !== null ? address.port : 0)
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`, 'chat', { headers: { host: HOST } })
  await once(client, 'open')
  expect(client.protocol).toBe('chat')
  const large = Buffer.alloc(300_000, 7)
  client.send(large)
  const [back] = await once(client, 'message')
  expect(large.equals(back)).toBe(true)
  client.close(4001, 'done')
  const [code] = await once(client, 'close')
  expect(code).toBe(4001)
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 101, error: undefined })
  expect(seen?.bytesSent).toBeGreaterThan(300_000)
})

test('an endpoint that declines an upgrade is heard', async () => {
  const pod = await startHttp(
    (_request, response) => void response.writeHead(403, { 'x-why': 'no' }).end('declined'),
  )
  closers.push(pod.close)
  const gateway = await gatewayTo(pod.port)
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`, { headers: { host: HOST } })
  client.on('error', () => {})
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  expect({ status: response.statusCode, why: response.headers['x-why'], body }).toEqual({
    status: 403,
    why: 'no',
    body: 'declined',
  })
})

test('an upgrade to an unknown host is a 404', async () => {
  const gateway = await gatewayTo(1)
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`, { headers: { host: 'nobody.test' } })
  client.on('error', () => {})
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage]
  expect(response.statusCode).toBe(404)
})

test('a response that falls silent is cut when its idle time is over', async () => {
  const pod = await startHttp((_request, response) => void response.writeHead(200).write('begun'))
  closers.push(pod.close)
  const gateway = await gatewayTo(pod.port, { 'postern.dev/idle-timeout': '50ms' })
  await expect(send({ port: gateway.port })).rejects.toThrow(/aborted|reset/i)
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 200, error: 'response-timeout' })
})

test('an upload whose client stalls is a 408', async () => {
  const pod = await startHttp(
    (incoming, response) => void incoming.resume().on('end', () => response.end('done')),
  )
  closers.push(pod.close)
  const gateway = await gatewayTo(pod.port, { 'postern.dev/timeout': '50ms' })
  const outgoing = request({
    host: '127.0.0.1',
    port: gateway.port,
    method: 'POST',
    headers: { host: HOST, 'content-length': '10' },
    agent: false,
  })
  outgoing.on('error', () => {})
  outgoing.write('half')
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(408)
})

test('draining lets a response end, and tells keep-alive clients to leave', async () => {
  let finish: () => void = () => {}
  const pod = await startHttp((_request, response) => {
    response.write('begun ')
    finish = () => void response.end('ended')
  })
  closers.push(pod.close)
  const gateway = await gatewayTo(pod.port)
  const outgoing = request({
    host: '127.0.0.1',
    port: gateway.port,
    headers: { host: HOST },
    agent: false,
  }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const closed = gateway.listener.close(10_000)
  await expect(send({ port: gateway.port })).rejects.toThrow('ECONNREFUSED')
  finish()
  let body = ''
  for await (const chunk of response) body += chunk
  expect(body).toBe('begun ended')
  await closed
})
