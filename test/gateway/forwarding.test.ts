import { afterEach, expect, test } from 'vitest'
import { serviceYaml, startGateway } from '../support/gateway.ts'
import { send, sendRaw, startHttp } from '../support/http.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

test('a change of the table moves the next request, and none under way', async () => {
  const first = await startHttp((_request, response) => void response.end('first'))
  const second = await startHttp((_request, response) => void response.end('second'))
  closers.push(first.close, second.close)
  const gateway = await startGateway(serviceYaml({ endpoints: [first.port] }))
  closers.push(gateway.close)
  expect((await send({ port: gateway.port })).body).toBe('first')
  gateway.use(serviceYaml({ endpoints: [second.port] }))
  expect((await send({ port: gateway.port })).body).toBe('second')
})

test('early hints go on before the response, and trailers that could mislead do not', async () => {
  const pod = await startHttp((_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.writeHead(200, { trailer: 'x-sum' })
    response.write('body')
    response.addTrailers({ 'x-sum': '7', 'set-cookie': 'a=b', location: '/' })
    response.end()
  })
  const gateway = await startGateway(serviceYaml({ endpoints: [pod.port] }))
  const raw = await sendRaw(
    gateway.port,
    'GET / HTTP/1.1\r\nHost: web.shop.example.test\r\nConnection: close\r\n\r\n',
  )
  await gateway.close()
  await pod.close()
  expect(raw).toMatch(
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/i,
  )
  expect(raw).toMatch(/\r\nx-sum: 7\r\n/)
  expect(raw).not.toMatch(/set-cookie|location/i)
})
