import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { refusedPort } from '../support/free-port.ts'
import { serviceYaml, startGateway } from '../support/gateway.ts'
import { echo, send, sendRaw, startHttp, startTcp } from '../support/http.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function gatewayTo(endpoints: number[], annotations: Record<string, string> = {}) {
  const gateway = await startGateway(
    serviceYaml({ endpoints, annotations: { 'postern.dev/balance': 'round-robin', ...annotations } }),
  )
  closers.push(gateway.close)
  return gateway
}

async function broken(onConnection: Parameters<typeof startTcp>[0]): Promise<number> {
  const server = await startTcp(onConnection)
  closers.push(server.close)
  return server.port
}

async function healthy(): Promise<number> {
  const server = await startHttp(echo)
  closers.push(server.close)
  return server.port
}

const reset = () => broken((socket) => socket.once('data', () => socket.resetAndDestroy()))

test('an endpoint that resets is a 502, and not retried for POST', async () => {
  const gateway = await gatewayTo([await reset(), await reset()])
  const response = await send({ port: gateway.port, method: 'POST', body: 'x' })
  expect(response).toMatchObject({
    status: 502,
    headers: { 'proxy-status': 'postern; error=connection_terminated' },
  })
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ attempts: 1, error: 'connection-lost' })
})

test('an idempotent request whose body has been read is not sent again', async () => {
  const gateway = await gatewayTo([await reset(), await reset()])
  expect(
    (await send({ port: gateway.port, method: 'PUT', body: 'x', headers: { 'content-length': '1' } })).status,
  ).toBe(502)
  const [seen] = await gateway.observer.ended(1)
  expect(seen?.attempts).toBe(1)
})

test('an endpoint that dies in the middle of a body cuts the response, and the client can tell', async () => {
  const port = await broken((socket) =>
    socket.once('data', () =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => socket.destroy()),
    ),
  )
  const gateway = await gatewayTo([port])
  await expect(send({ port: gateway.port })).rejects.toThrow(/aborted|reset/i)
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 200, error: 'response-incomplete' })
})

test('the head of a client that makes no sense is refused', async () => {
  const gateway = await gatewayTo([await healthy()])
  const heads = {
    'two hosts': 'GET / HTTP/1.1\r\nHost: web.shop.example.test\r\nHost: b\r\nConnection: close\r\n\r\n',
    'no host': 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
    'both lengths':
      'POST / HTTP/1.1\r\nHost: web.shop.example.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
    'a space before the colon': 'GET / HTTP/1.1\r\nHost : web.shop.example.test\r\n\r\n',
    'a host that is none beside an URL':
      'GET http://web.shop.example.test/ HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
    'chunked that is not the last coding':
      'POST / HTTP/1.1\r\nHost: web.shop.example.test\r\nTransfer-Encoding: chunked, gzip\r\n\r\n',
    'a coding of HTTP/1.0':
      'POST / HTTP/1.0\r\nHost: web.shop.example.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'two credentials':
      'GET / HTTP/1.1\r\nHost: web.shop.example.test\r\nAuthorization: a\r\nauthorization: b\r\nConnection: close\r\n\r\n',
    'two types of content':
      'GET / HTTP/1.1\r\nHost: web.shop.example.test\r\nContent-Type: a/b\r\nContent-type: a/b\r\nConnection: close\r\n\r\n',
    'a broken escape': 'GET /%zz HTTP/1.1\r\nHost: web.shop.example.test\r\nConnection: close\r\n\r\n',
    'no HTTP': 'hello\r\n\r\n',
    'above the root': 'GET /../etc HTTP/1.1\r\nHost: web.shop.example.test\r\nConnection: close\r\n\r\n',
  }
  for (const [name, head] of Object.entries(heads)) {
    expect(await sendRaw(gateway.port, head), name).toMatch(/^HTTP\/1\.1 400 /)
  }
  expect(
    await sendRaw(gateway.port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`),
  ).toMatch(/^HTTP\/1\.1 431 /)
  const long = `GET /${'y'.repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`
  expect(await sendRaw(gateway.port, long)).toMatch(/^HTTP\/1\.1 414 /)
  expect(await sendRaw(gateway.port, 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 405 /,
  )
})

test('a client that leaves ends the attempt and its load', async () => {
  let closed = () => {}
  const gone = new Promise<void>((resolve) => {
    closed = resolve
  })
  const port = await broken((socket) =>
    socket.once('data', () => client.destroy()).once('close', () => closed()),
  )
  const gateway = await gatewayTo([port])
  const client = connect(gateway.port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: web.shop.example.test\r\n\r\n')
  await gone
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ error: 'client-closed', status: 499 })
  expect(gateway.state.loadOf(`127.0.0.1:${port}`)).toBe(0)
})

test('retries stop when the budget is spent', async () => {
  const gateway = await gatewayTo([await refusedPort(), await refusedPort(), await refusedPort()])
  for (let i = 0; i < 20; i++) await send({ port: gateway.port })
  const seen = await gateway.observer.ended(20)
  expect(seen.at(0)?.attempts).toBe(3)
  expect(seen.at(-1)?.attempts).toBeLessThan(3)
})
