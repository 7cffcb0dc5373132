import { once } from 'node:events'
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

test('a response that falls silent is cut when its idle time is over', async () => {
  const pod = await startHttp((_request, response) => void response.writeHead(200).write('begun'))
  closers.push(pod.close)
  const gateway = await gatewayTo(pod.port, { 'postern.dev/idle-timeout': '50ms' })
  await expect(send({ port: gateway.port })).rejects.toThrow(/aborted|reset/i)
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 200, error: 'response-timeout' })
})
