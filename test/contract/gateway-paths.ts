import { expect, test } from 'vitest'
import { serviceYaml } from '../support/gateway.ts'
import { echo, startHttp } from '../support/http.ts'
import type { ShellCase } from './gateway-shell.ts'

/** The one form in which a path is matched and forwarded: docs/paths.md. */
export function pathTests({ start, differs, closers }: ShellCase): void {
  async function gatewayTo(listener: Parameters<typeof startHttp>[0], annotations = {}) {
    const pod = await startHttp(listener)
    closers.push(pod.close)
    return { gateway: await start(serviceYaml({ annotations, endpoints: [pod.port] })) }
  }

  test('a backslash is a slash, and walks around no rule', async () => {
    const { gateway } = await gatewayTo(echo, { 'postern.dev/path': '/api' })
    expect((await gateway.send({ path: '/api/x\\..\\..\\admin' })).status).toBe(404)
    expect(JSON.parse((await gateway.send({ path: '/x\\..\\api\\y' })).body).url).toBe('/api/y')
  })

  test.each([
    ['/api//x', '/api/x'],
    ['//api/x', '/api/x'],
    ['/%61pi/%78', '/api/x'],
    ['/api/a%2fb', '/api/a%2Fb'],
    ['/api/%c3%a9', '/api/%C3%A9'],
    ['/api/%e9', '/api/%E9'],
    ['/api/a%20b', '/api/a%20b'],
    ['/api/a%252fb', '/api/a%252fb'],
    ['/api/a|', '/api/a%7C'],
    ['/api/a"', '/api/a%22'],
    ['/api/a{}', '/api/a%7B%7D'],
    ['/api/a^', '/api/a%5E'],
    ['/api/a[]', '/api/a%5B%5D'],
    ['/api/a;b=c', '/api/a;b=c'],
    ['/api/a%3bb', '/api/a%3Bb'],
    ['/api/x?a//b/../%41', '/api/x?a//b/../%41'],
  ])('the path %s is matched and forwarded as %s', async (path, url) => {
    const { gateway } = await gatewayTo(echo, { 'postern.dev/path': '/api' })
    const { status, body } = await gateway.send({ path })
    expect(status).toBe(200)
    expect(JSON.parse(body).url).toBe(url)
  })

  test('what stands in no URL is escaped, where the platform lets it through', async () => {
    const { gateway } = await gatewayTo(echo)
    const { status, body } = await gateway.send({ path: '/a<>`' })
    if (differs('target-is-checked-before')) expect(status).toBe(400)
    else expect(JSON.parse(body).url).toBe('/a%3C%3E%60')
  })

  test.each([
    ...['/api/%', '/api/%zz', '/api/%u002e', '/api/%00', '/api/a%0d%0aX:b', '/api/%7f'],
    ...['/api/%c0%ae%c0%ae/x', '/api/%e0%80%af'],
  ])('the path %s is nobody’s: 400', async (path) => {
    const { gateway } = await gatewayTo(echo, { 'postern.dev/path': '/api' })
    expect((await gateway.send({ path })).status).toBe(400)
  })

  test.each([
    ...['/x%2f..%2fadmin', '/..%2Fadmin', '/x/..;/admin', '/x/..%3B/admin', '/x/..%5Cadmin', '/admin%3f'],
    ...['/x/%252e%252e/admin', '/x%252F..%252Fadmin', '/%2561dmin', '/admin;a=b'],
  ])('the path %s, which an endpoint may read as another rule’s, is refused', async (path) => {
    const pod = await startHttp(echo)
    closers.push(pod.close)
    const host = 'shop.example.test'
    const services = [
      serviceYaml({ annotations: { 'postern.dev/host': host }, endpoints: [pod.port] }),
      serviceYaml({
        name: 'admin',
        annotations: {
          'postern.dev/host': host,
          'postern.dev/path': '/admin',
          'postern.dev/deny-cidrs': '::/0, 0.0.0.0/0',
        },
        endpoints: [pod.port],
      }),
    ]
    const gateway = await start(services.join('\n---\n'))
    expect((await gateway.send({ host, path: '/admin' })).status).toBe(403)
    expect((await gateway.send({ host, path: '/%61dmin' })).status).toBe(403)
    expect((await gateway.send({ host, path: '//admin' })).status).toBe(403)
    expect((await gateway.send({ host, path })).status).toBe(400)
    expect((await gateway.send({ host, path: '/files/a%2Fb;c' })).status).toBe(200)
  })
}
