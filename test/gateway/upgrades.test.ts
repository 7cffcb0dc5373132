import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { hurried, serviceYaml, startGateway } from '../support/gateway.ts'
import { echo, startHttp, startTcp } from '../support/http.ts'
import { ManualTimers } from '../support/manual-timers.ts'

const UPGRADE =
  'GET / HTTP/1.1\r\nHost: web.shop.example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function gatewayTo(port: number) {
  const gateway = await startGateway(serviceYaml({ endpoints: [port] }), { timers: hurried })
  closers.push(gateway.close)
  return gateway
}

/** A client that keeps its half of the connection open for as long as it is let. */
function dial(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
  closers.push(() => void socket.destroy())
  return socket
}

async function pod(onHead: (socket: Socket) => void): Promise<number> {
  const server = await startTcp((socket) => socket.once('data', () => onHead(socket)))
  closers.push(server.close)
  return server.port
}

test('a client that leaves before the answer to its upgrade is noticed', async () => {
  let asked: () => void = () => {}
  const asking = new Promise<void>((resolve) => {
    asked = resolve
  })
  const port = await pod(() => asked())
  const gateway = await gatewayTo(port)
  const client = dial(gateway.port)
  client.write(`${UPGRADE}\r\n`)
  await asking
  client.end()
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 499, error: 'client-closed' })
  expect(gateway.state.loadOf(`127.0.0.1:${port}`)).toBe(0)
})

test('bytes that come with an upgrade reach the endpoint after the 101', async () => {
  const port = await pod((socket) => {
    socket.write(SWITCH)
    socket.once('data', (chunk) => socket.end(`got ${chunk}`))
  })
  const gateway = await gatewayTo(port)
  const client = dial(gateway.port)
  client.write(`${UPGRADE}\r\nearly`)
  let text = ''
  for await (const chunk of client) text += chunk
  expect(text).toMatch(/^HTTP\/1\.1 101 [\s\S]*got early$/)
})

test('what follows an upgrade is no body, and may be as slow as it likes', async () => {
  const port = await pod((socket) => {
    socket.write(SWITCH)
    socket.once('data', (chunk) => socket.end(`got ${chunk}`))
  })
  const timers = new ManualTimers()
  const annotations = { 'postern.dev/idle-timeout': '1h' }
  const gateway = await startGateway(serviceYaml({ endpoints: [port], annotations }), {
    timers,
    minBodyRate: 240,
  })
  closers.push(gateway.close)
  const client = dial(gateway.port)
  client.write(`${UPGRADE}Content-Length: 0\r\n\r\n`)
  await once(client, 'data')
  timers.pass(600_000)
  client.write('late')
  let text = ''
  for await (const chunk of client) text += chunk
  expect(text).toBe('got late')
})

test('an upgrade that says that it has no body is one', async () => {
  const head = Promise.withResolvers<string>()
  const server = await startTcp((socket) =>
    socket.once('data', (chunk) => {
      head.resolve(`${chunk}`)
      socket.end(SWITCH)
    }),
  )
  closers.push(server.close)
  const gateway = await gatewayTo(server.port)
  const client = dial(gateway.port)
  client.write(`${UPGRADE}Content-Length: 0\r\n\r\n`)
  let text = ''
  for await (const chunk of client) text += chunk
  expect(text).toMatch(/^HTTP\/1\.1 101 /)
  expect(await head.promise).toMatch(/\r\nUpgrade: websocket\r\n/)
  expect(await head.promise).not.toMatch(/content-length/i)
})

test.each([
  ['declines', (socket: Socket) => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')],
  ['leaves', (socket: Socket) => socket.destroy()],
  ['accepts and leaves at once', (socket: Socket) => socket.end(SWITCH)],
])('after an endpoint that %s, a client that stays half open is let go', async (_name, act) => {
  const gateway = await gatewayTo(await pod(act))
  const client = dial(gateway.port)
  client.write(`${UPGRADE}\r\n`)
  client.resume()
  await once(client, 'end')
  const closed = new Promise((resolve) => client.once('close', resolve))
  // It never ends its own half: a write that meets a reset tells that ours is gone.
  const probe = (): void =>
    void client.write('.', (error) => (error ? client.destroy() : setImmediate(probe)))
  probe()
  await closed
  await gateway.observer.ended(1)
})

test('a CONNECT is refused and its connection does not stay', async () => {
  const gateway = await gatewayTo(1)
  const client = dial(gateway.port)
  client.write('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n')
  let text = ''
  client.on('data', (chunk) => {
    text += chunk
  })
  await once(client, 'end')
  expect(text).toMatch(/^HTTP\/1\.1 405 /)
})

test('an upgrade of HTTP/1.0 is an ordinary request', async () => {
  const server = await startHttp(echo)
  closers.push(server.close)
  const gateway = await gatewayTo(server.port)
  const client = connect(gateway.port, '127.0.0.1')
  client.write(`${UPGRADE.replace('HTTP/1.1', 'HTTP/1.0')}\r\n`)
  let text = ''
  for await (const chunk of client) text += chunk
  expect(text).toMatch(/^HTTP\/1\.1 200 /)
  expect(text).not.toMatch(/upgrade"/)
})

test('an upgrade with a body is an ordinary request', async () => {
  const server = await startHttp(echo)
  closers.push(server.close)
  const gateway = await gatewayTo(server.port)
  const client = connect(gateway.port, '127.0.0.1')
  client.write(
    `${UPGRADE.replace('Connection: Upgrade', 'Connection: Upgrade, close')}Content-Length: 5\r\n\r\nhello`,
  )
  let text = ''
  for await (const chunk of client) text += chunk
  expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*"body":"hello"/)
  expect(text).not.toMatch(/upgrade"/)
})
