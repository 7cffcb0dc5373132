import { afterEach, expect, test } from 'vitest'
import { serviceYaml, startGateway, type TestGateway } from '../support/gateway.ts'
import { sendRaw, startTcp } from '../support/http.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A gateway to an endpoint that answers with the head that it got. */
async function gatewayTo(annotations: Record<string, string> = {}): Promise<TestGateway> {
  const pod = await startTcp((socket) =>
    socket.on('data', (chunk) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${chunk.length}\r\n\r\n${chunk}`),
    ),
  )
  const gateway = await startGateway(serviceYaml({ annotations, endpoints: [pod.port] }))
  closers.push(pod.close, gateway.close)
  return gateway
}

const ask = ({ port }: TestGateway, line: string, fields = '') =>
  sendRaw(port, `${line} HTTP/1.1\r\nHost: web.shop.example.test\r\nConnection: close\r\n${fields}\r\n`)

test('Max-Forwards of OPTIONS is counted down, and no more than it can be is passed on', async () => {
  const gateway = await gatewayTo()
  expect(await ask(gateway, 'OPTIONS /', 'Max-Forwards: 7\r\n')).toMatch(/\r\nMax-Forwards: 6\r\n/)
  const most = await ask(gateway, 'OPTIONS /', `max-forwards: ${'9'.repeat(400)}\r\n`)
  expect(most.match(/\r\nmax-forwards: \d+/gi)).toEqual(['\r\nMax-Forwards: 255'])
})

test('at Max-Forwards: 0 the gateway answers OPTIONS itself', async () => {
  const gateway = await gatewayTo()
  const answer = await ask(gateway, 'OPTIONS /', 'Max-Forwards: 0\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nAllow: GET, HEAD, /)
  const [seen] = await gateway.observer.ended(1)
  expect(seen).toMatchObject({ status: 200, error: 'forwards-spent', attempts: 0 })
})

test('Max-Forwards that is no number is refused', async () => {
  const gateway = await gatewayTo()
  for (const value of ['-1', '1, 1', '0x1', '']) {
    expect(await ask(gateway, 'OPTIONS /', `Max-Forwards: ${value}\r\n`), value).toMatch(/^HTTP\/1\.1 400 /)
  }
})

test('Max-Forwards of other methods says nothing, and goes on as it is', async () => {
  expect(await ask(await gatewayTo(), 'GET /', 'Max-Forwards: 0\r\n')).toMatch(/\r\nMax-Forwards: 0\r\n/)
})

test('OPTIONS of the server as a whole goes to whoever has all paths, as an asterisk', async () => {
  const gateway = await gatewayTo()
  for (const target of ['*', 'http://web.shop.example.test', 'http://WEB.shop.example.test:80']) {
    expect(await ask(gateway, `OPTIONS ${target}`), target).toMatch(/\r\n\r\nOPTIONS \* HTTP\/1\.1\r\n/)
  }
  expect(await ask(await gatewayTo({ 'postern.dev/path': '/api' }), 'OPTIONS *')).toMatch(/^HTTP\/1\.1 404 /)
})

test('an absolute target names the host, whatever Host says', async () => {
  const gateway = await gatewayTo()
  const head =
    'GET http://web.shop.example.test/a?b HTTP/1.1\r\nHost: other.example.test\r\nConnection: close\r\n\r\n'
  expect(await sendRaw(gateway.port, head)).toMatch(
    /\r\n\r\nGET \/a\?b HTTP\/1\.1\r\nHost: web\.shop\.example\.test\r\n/,
  )
})

test('a 405 says what is allowed', async () => {
  expect(await ask(await gatewayTo(), 'TRACE /')).toMatch(/^HTTP\/1\.1 405 [\s\S]*\r\nAllow: GET, HEAD, /)
})
