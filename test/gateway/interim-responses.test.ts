import { afterEach, expect, test } from 'vitest'
import { serviceYaml, startGateway, type TestGateway } from '../support/gateway.ts'
import { sendRaw, startTcp } from '../support/http.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function gatewayTo(answer: string): Promise<TestGateway> {
  const pod = await startTcp((socket) => socket.on('data', () => socket.write(answer)))
  const gateway = await startGateway(serviceYaml({ endpoints: [pod.port] }))
  closers.push(pod.close, gateway.close)
  return gateway
}

const ask = ({ port }: TestGateway, version = '1.1') =>
  sendRaw(port, `GET / HTTP/${version}\r\nHost: web.shop.example.test\r\nConnection: close\r\n\r\n`)
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('interim responses go on in their order, with the fields that are for all', async () => {
  const gateway = await gatewayTo(
    'HTTP/1.1 102 Processing\r\n\r\n' +
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X-Own\r\nX-Own: 1\r\nX-Kept: 2\r\n\r\n' +
      `HTTP/1.1 199 Odd\r\nKeep-Alive: timeout=1\r\n\r\n${OK}`,
  )
  expect(await ask(gateway)).toMatch(
    /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\nX-Kept: 2\r\n\r\nHTTP\/1\.1 199 \r\n\r\nHTTP\/1\.1 200 OK\r\n/,
  )
})

test('a 100 that only we could have asked for does not go on', async () => {
  const gateway = await gatewayTo(`HTTP/1.1 100 Continue\r\n\r\n${OK}`)
  expect(await ask(gateway)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
})

test('HTTP/1.0 gets no interim response', async () => {
  const gateway = await gatewayTo(`HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${OK}`)
  expect(await ask(gateway, '1.0')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
})
