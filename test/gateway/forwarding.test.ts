import { afterEach, expect, test } from 'vitest'
import { serviceYaml, startGateway } from '../support/gateway.ts'
import { echo, send, sendRaw, startHttp, startTcp } from '../support/http.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function gatewayTo(
  listener: Parameters<typeof startHttp>[0],
  annotations = {},
  road = { networkPolicy: 'enforce' as const, trustedProxies: [] as never[] },
) {
  const pod = await startHttp(listener)
  const gateway = await startGateway(serviceYaml({ annotations, endpoints: [pod.port] }), { road })
  closers.push(pod.close, gateway.close)
  return gateway
}

test('an annotated Service answers on its default hostname', async () => {
  const gateway = await gatewayTo((_request, response) => void response.end('hello'))
  const response = await send({ port: gateway.port })
  expect(response).toMatchObject({ status: 200, body: 'hello' })
})

test('the host is compared without case, port and trailing dot', async () => {
  const gateway = await gatewayTo((_request, response) => void response.end('hello'))
  for (const host of ['WEB.shop.example.test', 'web.shop.example.test:8080', 'web.shop.example.test.']) {
    expect((await send({ port: gateway.port, host })).status, host).toBe(200)
  }
})

test('a request body goes to the endpoint, whole, with its length', async () => {
  const gateway = await gatewayTo(echo)
  const { body } = await send({
    port: gateway.port,
    method: 'POST',
    path: '/a?b=c',
    headers: { 'content-length': '5' },
    body: 'hello',
  })
  expect(JSON.parse(body)).toMatchObject({
    method: 'POST',
    url: '/a?b=c',
    body: 'hello',
    headers: { 'content-length': '5' },
  })
})

test('a chunked request body goes on', async () => {
  const gateway = await gatewayTo(echo)
  const { body } = await send({
    port: gateway.port,
    method: 'PUT',
    headers: { 'transfer-encoding': 'chunked' },
    body: 'hello',
  })
  expect(JSON.parse(body)).toMatchObject({ method: 'PUT', body: 'hello' })
})

test('an untrusted client cannot pass for another', async () => {
  const gateway = await gatewayTo(echo)
  const headers = {
    'x-forwarded-for': '1.2.3.4',
    forwarded: 'for=1.2.3.4',
    'x-real-ip': '1.2.3.4',
    'x-forwarded-proto': 'https',
    'true-client-ip': '1.2.3.4',
    'x-request-id': 'mine',
  }
  const seen = JSON.parse((await send({ port: gateway.port, headers })).body).headers
  expect(seen).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    'x-forwarded-proto': 'http',
  })
  expect(JSON.stringify(seen)).not.toContain('1.2.3.4')
  expect(seen['x-request-id']).not.toBe('mine')
})

test('hop-by-hop and Connection-named fields stop here, both ways', async () => {
  const gateway = await gatewayTo((request, response) => {
    response.writeHead(200, ['Connection', 'X-Own', 'X-Own', '1', 'Keep-Alive', 'timeout=1', 'X-Kept', '2'])
    response.end(JSON.stringify(request.headers))
  })
  const response = await send({
    port: gateway.port,
    headers: {
      connection: 'keep-alive, x-secret',
      'x-secret': '1',
      te: 'trailers',
      'proxy-authorization': 'Basic x',
      'x-kept': '2',
    },
  })
  const seen = JSON.parse(response.body)
  expect(seen).toMatchObject({ 'x-kept': '2', via: '1.1 postern' })
  expect(Object.keys(seen)).not.toEqual(expect.arrayContaining(['x-secret']))
  for (const name of ['x-secret', 'te', 'proxy-authorization']) expect(seen).not.toHaveProperty(name)
  expect(response.headers).toMatchObject({ 'x-kept': '2' })
  expect(response.headers).not.toHaveProperty('x-own')
})

test('a prefix is stripped and told', async () => {
  const gateway = await gatewayTo(echo, { 'postern.dev/path': '/api', 'postern.dev/strip-prefix': 'true' })
  const deep = JSON.parse((await send({ port: gateway.port, path: '/api/carts?x=1' })).body)
  expect(deep).toMatchObject({ url: '/carts?x=1', headers: { 'x-forwarded-prefix': '/api' } })
  expect(JSON.parse((await send({ port: gateway.port, path: '/api' })).body).url).toBe('/')
  expect((await send({ port: gateway.port, path: '/apis' })).status).toBe(404)
})

test('a dot segment walks around no rule', async () => {
  const gateway = await gatewayTo(echo, { 'postern.dev/path': '/api' })
  expect((await send({ port: gateway.port, path: '/api/../admin' })).status).toBe(404)
  expect((await send({ port: gateway.port, path: '/api/%2e%2E/admin' })).status).toBe(404)
  expect(JSON.parse((await send({ port: gateway.port, path: '/x/../api/./y' })).body).url).toBe('/api/y')
})

test('statuses without a body, several cookies and trailers come through', async () => {
  const gateway = await gatewayTo((request, response) => {
    if (request.url === '/204') return void response.writeHead(204).end()
    if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': '4' }).end()
    response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'], trailer: 'x-sum' })
    response.write('body')
    response.addTrailers({ 'x-sum': '42' })
    response.end()
  })
  expect(await send({ port: gateway.port, path: '/204' })).toMatchObject({ status: 204, body: '' })
  expect(await send({ port: gateway.port, method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  const response = await send({ port: gateway.port })
  expect(response).toMatchObject({ body: 'body', trailers: { 'x-sum': '42' } })
  expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2'])
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

test('a 204 goes without the length that its endpoint gave it', async () => {
  const pod = await startTcp((socket) =>
    socket.once('data', () =>
      socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX-Kept: 1\r\n\r\n'),
    ),
  )
  const gateway = await startGateway(serviceYaml({ endpoints: [pod.port] }))
  const { status, headers } = await send({ port: gateway.port })
  await gateway.close()
  await pod.close()
  expect(status).toBe(204)
  expect(headers['x-kept']).toBe('1')
  expect(headers).not.toHaveProperty('content-length')
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
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
  )
  expect(raw).toMatch(/\r\nx-sum: 7\r\n/)
  expect(raw).not.toMatch(/set-cookie|location/i)
})
