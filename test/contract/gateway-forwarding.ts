import { expect, test } from 'vitest'
import { serviceYaml } from '../support/gateway.ts'
import { echo, sendRaw, startHttp } from '../support/http.ts'
import type { ShellCase } from './gateway-shell.ts'

/** What goes to endpoints. */
export function forwardingTests({ start, differs, closers }: ShellCase): void {
  async function gatewayTo(listener: Parameters<typeof startHttp>[0], annotations = {}) {
    const pod = await startHttp(listener)
    closers.push(pod.close)
    return { pod, gateway: await start(serviceYaml({ annotations, endpoints: [pod.port] })) }
  }

  test('an annotated Service answers on its default hostname', async () => {
    const { gateway } = await gatewayTo((_request, response) => void response.end('hello'))
    expect(await gateway.send()).toMatchObject({ status: 200, body: 'hello' })
  })

  test('the host is compared without case, port and trailing dot', async () => {
    const { gateway } = await gatewayTo((_request, response) => void response.end('hello'))
    for (const host of ['WEB.shop.example.test', 'web.shop.example.test:8080', 'web.shop.example.test.']) {
      expect((await gateway.send({ host })).status, host).toBe(200)
    }
  })

  test('a request body goes to the endpoint, whole, with its length', async () => {
    const { gateway } = await gatewayTo(echo)
    const headers = { 'content-length': '5' }
    const { body } = await gateway.send({ method: 'POST', path: '/a?b=c', headers, body: 'hello' })
    expect(JSON.parse(body)).toMatchObject({
      method: 'POST',
      url: '/a?b=c',
      body: 'hello',
      headers: { 'content-length': '5' },
    })
  })

  test('a body of unknown length goes on', async () => {
    const { gateway } = await gatewayTo(echo)
    const headers = { 'transfer-encoding': 'chunked' }
    const { body } = await gateway.send({ method: 'PUT', headers, body: 'hello' })
    expect(JSON.parse(body)).toMatchObject({ method: 'PUT', body: 'hello' })
  })

  test('a GET with a body', async () => {
    const { gateway } = await gatewayTo(echo)
    // A request of the web cannot even be made with one.
    if (gateway.port === undefined) return
    const { status, body } = await gateway.send({ headers: { 'content-length': '5' }, body: 'hello' })
    if (differs('no-body-of-get')) expect(status).toBe(501)
    else expect(JSON.parse(body)).toMatchObject({ method: 'GET', body: 'hello' })
  })

  test('an untrusted client cannot pass for another', async () => {
    const { gateway } = await gatewayTo(echo)
    const headers = {
      'x-forwarded-for': '1.2.3.4',
      forwarded: 'for=1.2.3.4',
      'x-real-ip': '1.2.3.4',
      'x-forwarded-proto': 'https',
      'cf-connecting-ip': '1.2.3.4',
      'true-client-ip': '1.2.3.4',
      'x-request-id': 'mine',
    }
    const seen = JSON.parse((await gateway.send({ headers })).body).headers
    expect(seen).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
    })
    expect(JSON.stringify(seen)).not.toContain('1.2.3.4')
    expect(seen['x-request-id']).not.toBe('mine')
  })

  test('a Host that is no host is refused, whatever an URL of it would be', async () => {
    const { gateway } = await gatewayTo(echo)
    // A request of the web has an URL already.
    if (gateway.port === undefined) return
    for (const rest of ['?a', '#a', '/a', '\\a', ':80/a', ',a']) {
      const head = `GET / HTTP/1.1\r\nHost: web.shop.example.test${rest}\r\nConnection: close\r\n\r\n`
      expect(await sendRaw(gateway.port, head), rest).toMatch(/^HTTP\/1\.1 400 /)
    }
  })

  test('the host that the client asked for reaches the application', async () => {
    const { pod, gateway } = await gatewayTo(echo)
    const { headers } = JSON.parse((await gateway.send()).body)
    expect(headers['x-forwarded-host']).toBe('web.shop.example.test')
    expect(headers.host).toBe(
      differs('host-is-the-endpoint') ? `127.0.0.1:${pod.port}` : 'web.shop.example.test',
    )
  })

  test('hop-by-hop and Connection-named fields stop here, both ways', async () => {
    const { gateway } = await gatewayTo((request, response) => {
      response.writeHead(200, ['Connection', 'X-Own', 'X-Own', '1', 'Keep-Alive', 'timeout=1', 'X-Kept', '2'])
      response.end(JSON.stringify(request.headers))
    })
    const headers = {
      connection: 'keep-alive, x-secret',
      'x-secret': '1',
      te: 'trailers',
      'proxy-authorization': 'Basic x',
      'x-kept': '2',
    }
    const response = await gateway.send({ headers })
    const seen = JSON.parse(response.body)
    expect(seen).toMatchObject({ 'x-kept': '2', via: '1.1 postern' })
    for (const name of ['te', 'proxy-authorization']) expect(seen).not.toHaveProperty(name)
    expect(seen).not.toHaveProperty('x-secret')
    expect(response.headers).toMatchObject({ 'x-kept': '2' })
    expect(response.headers).not.toHaveProperty('x-own')
  })

  test('a prefix is stripped and told', async () => {
    const annotations = { 'postern.dev/path': '/api', 'postern.dev/strip-prefix': 'true' }
    const { gateway } = await gatewayTo(echo, annotations)
    const deep = JSON.parse((await gateway.send({ path: '/api/carts?x=1' })).body)
    expect(deep).toMatchObject({ url: '/carts?x=1', headers: { 'x-forwarded-prefix': '/api' } })
    expect(JSON.parse((await gateway.send({ path: '/api' })).body).url).toBe('/')
    expect((await gateway.send({ path: '/apis' })).status).toBe(404)
  })

  test('a dot segment walks around no rule', async () => {
    const { gateway } = await gatewayTo(echo, { 'postern.dev/path': '/api' })
    expect((await gateway.send({ path: '/api/../admin' })).status).toBe(404)
    expect((await gateway.send({ path: '/api/%2e%2E/admin' })).status).toBe(404)
    expect(JSON.parse((await gateway.send({ path: '/x/../api/./y' })).body).url).toBe('/api/y')
    expect((await gateway.send({ path: '/../etc' })).status).toBe(differs('url-is-parsed-before') ? 404 : 400)
  })

  test('fields with an underscore, and forged ones however Connection names them, stay here', async () => {
    const { gateway } = await gatewayTo(echo)
    const headers = {
      x_forwarded_for: '1.2.3.4',
      x_user: '1.2.3.4',
      'x-original-url': '/1.2.3.4',
      proxy: 'http://1.2.3.4',
      connection: 'x-forwarded-for, x-real-ip, x-forwarded-host, via',
    }
    const { body } = await gateway.send({ headers })
    expect(body).not.toContain('1.2.3.4')
    expect(JSON.parse(body).headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-host': 'web.shop.example.test',
      via: '1.1 postern',
    })
  })
}
