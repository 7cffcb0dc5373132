import type { IncomingMessage, RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import { serviceYaml } from '../support/gateway.ts'
import { echo, startHttp } from '../support/http.ts'
import type { ShellCase } from './gateway-shell.ts'

const HOST = 'web.shop.example.test'

/** Whom a Service asks about its clients, and what becomes of the answer. */
export function authCallTests({ start, closers }: ShellCase): void {
  async function guarded(answer: RequestListener, more: Readonly<Record<string, string>> = {}) {
    const asked: IncomingMessage[] = []
    const auth = await startHttp((request, response) => {
      asked.push(request)
      answer(request, response)
    })
    let forwarded = 0
    const pod = await startHttp((request, response) => {
      forwarded++
      echo(request, response)
    })
    closers.push(auth.close, pod.close)
    const url = `http://127.0.0.1:${auth.port}/verify?app=shop`
    const annotations = { 'postern.dev/auth-url': url, ...more }
    const gateway = await start(serviceYaml({ annotations, endpoints: [pod.port] }))
    return { asked, forwarded: () => forwarded, gateway }
  }

  const admit: RequestListener = (_request, response) => void response.end('ignored')

  describe('auth calls', () => {
    test('it is asked with a GET, the fields of the request, and where that goes; the body stays here', async () => {
      const { asked, gateway } = await guarded(admit)
      const answer = await gateway.send({
        method: 'POST',
        path: '/orders?id=1',
        headers: {
          authorization: 'Bearer x',
          cookie: 'session=1',
          'content-length': '5',
          'content-type': 'text/plain',
          'x-original-url': 'http://forged/',
          'if-none-match': '*',
        },
        body: 'hello',
      })
      expect(answer.status).toBe(200)
      expect(JSON.parse(answer.body).body).toBe('hello')
      const [first] = asked
      expect([first?.method, first?.url]).toEqual(['GET', '/verify?app=shop'])
      expect(first?.headers).toMatchObject({
        authorization: 'Bearer x',
        cookie: 'session=1',
        'x-original-url': `http://${HOST}/orders?id=1`,
        'x-original-method': 'POST',
        'x-auth-request-redirect': '/orders?id=1',
        'x-forwarded-host': HOST,
        'x-forwarded-proto': 'http',
        'x-real-ip': '127.0.0.1',
      })
      for (const name of ['content-length', 'content-type', 'transfer-encoding', 'if-none-match']) {
        expect(first?.headers[name], name).toBeUndefined()
      }
    })

    test('fields of the answer go on, and no client can send these; cookies go to the client', async () => {
      const more = { 'postern.dev/auth-response-headers': 'X-Auth-User, X-Auth-Groups, Set-Cookie' }
      const { asked, gateway } = await guarded((_request, response) => {
        response.setHeader('X-Auth-User', 'alice')
        response.setHeader('X-Other', 'not asked for')
        response.setHeader('Set-Cookie', ['a=1', 'b=2'])
        response.end()
      }, more)
      const forged = {
        'x-auth-user': 'root',
        x_auth_user: 'root',
        'x-auth-groups': 'root',
        x_auth_groups: 'root',
      }
      const { body, headers } = await gateway.send({ headers: forged })
      const seen = JSON.parse(body).headers
      expect(seen['x-auth-user']).toBe('alice')
      expect(seen['x-other']).toBeUndefined()
      expect(body).not.toContain('root')
      expect(JSON.stringify(asked[0]?.headers)).not.toContain('root')
      expect(headers['set-cookie']).toEqual(['a=1', 'b=2'])
    })

    test('Authorization may be replaced by the answer, and is asked about as it came', async () => {
      const more = { 'postern.dev/auth-response-headers': 'Authorization' }
      let given: string | undefined = 'Bearer given'
      const { asked, gateway } = await guarded((_request, response) => {
        if (given !== undefined) response.setHeader('Authorization', given)
        response.end()
      }, more)
      const seenWith = async (authorization: string) =>
        JSON.parse((await gateway.send({ headers: { authorization } })).body).headers.authorization
      expect(await seenWith('Bearer came')).toBe('Bearer given')
      expect(asked[0]?.headers.authorization).toBe('Bearer came')
      given = undefined
      expect(await seenWith('Bearer came')).toBeUndefined()
    })

    test.each([401, 403])('%i is what the client gets, with its challenge and its body', async (status) => {
      const { forwarded, gateway } = await guarded((_request, response) => {
        response.writeHead(status, {
          'www-authenticate': 'Bearer realm="auth"',
          'content-type': 'text/html',
          'x-secret': '1',
        })
        response.end('<p>No.</p>')
      })
      const answer = await gateway.send()
      expect(answer).toMatchObject({ status, body: '<p>No.</p>' })
      expect(answer.headers).toMatchObject({
        'www-authenticate': 'Bearer realm="auth"',
        'content-type': 'text/html',
      })
      expect(answer.headers['x-secret']).toBeUndefined()
      expect(forwarded()).toBe(0)
      expect((await gateway.send({ method: 'HEAD' })).status).toBe(status)
    })

    test('a body without end is cut off', async () => {
      const { gateway } = await guarded((_request, response) => {
        response.writeHead(403)
        response.write('x'.repeat(40_000))
      })
      const { status, body } = await gateway.send()
      expect([status, body.length]).toEqual([403, 16_384])
    })

    test('who was answered 401 is sent to sign in; who was answered 403 is not', async () => {
      const more = { 'postern.dev/auth-signin': 'https://auth.example.com/start?x=1' }
      let status = 401
      const { gateway } = await guarded((_request, response) => void response.writeHead(status).end(), more)
      const { status: redirected, headers } = await gateway.send({ path: '/a?b=c&d' })
      expect(redirected).toBe(302)
      const from = encodeURIComponent(`http://${HOST}/a?b=c&d`)
      expect(headers.location).toBe(`https://auth.example.com/start?x=1&rd=${from}`)
      status = 403
      expect((await gateway.send()).status).toBe(403)
    })

    test.each([500, 404, 302, 304])(
      '%i says nothing of the client: 503, and nothing goes on',
      async (status) => {
        const { forwarded, gateway } = await guarded((_request, response) => {
          response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end()
        })
        expect((await gateway.send()).status).toBe(503)
        expect(forwarded()).toBe(0)
      },
    )

    test('an answer that breaks off, and nobody who answers, let nobody in', async () => {
      const { forwarded, gateway } = await guarded((request) => void request.socket.destroy())
      expect((await gateway.send()).status).toBe(503)
      expect(forwarded()).toBe(0)
    })

    test('where the operator does not allow it nobody is asked', async () => {
      const { gateway } = await guarded(admit, { 'postern.dev/auth-url': 'http://169.254.169.254/latest/' })
      expect((await gateway.send()).status).toBe(503)
    })

    test('each request is asked about, unless the Service says how long an answer may stand', async () => {
      const { asked, gateway } = await guarded(admit)
      for (const _ of [1, 2]) await gateway.send({ headers: { cookie: 'session=1' } })
      expect(asked).toHaveLength(2)
    })

    test('a kept answer stands for the same proof, path and method alone', async () => {
      const { asked, gateway } = await guarded(
        (request, response) =>
          void response.writeHead(request.headers.cookie?.includes('good') ? 200 : 401).end(),
        { 'postern.dev/auth-cache-duration': '1h', 'postern.dev/auth-cache-key': 'cookie:session' },
      )
      const statusOf = async (cookie: string, request: object = {}) =>
        (await gateway.send({ headers: { cookie }, ...request })).status
      for (const salt of [1, 2, 3]) expect(await statusOf(`a=${salt}; session=good`)).toBe(200)
      expect(asked).toHaveLength(1)
      expect(await statusOf('session=good', { path: '/other' })).toBe(200)
      expect(await statusOf('session=good', { path: '/?q' })).toBe(200)
      expect(await statusOf('session=good', { method: 'DELETE' })).toBe(200)
      expect(asked).toHaveLength(4)
      // Neither another proof nor a refusal is remembered, nor one without any.
      for (const _ of [1, 2]) expect(await statusOf('session=bad')).toBe(401)
      for (const _ of [1, 2]) expect(await statusOf('other=good')).toBe(200)
      expect(asked).toHaveLength(8)
    })

    test('an answer that sets a cookie, or says that it is not for storing, is not kept', async () => {
      const fields: readonly [string, string][] = [
        ['Set-Cookie', 'a=1'],
        ['Cache-Control', 'no-store'],
      ]
      for (const [name, value] of fields) {
        const { asked, gateway } = await guarded(
          (_request, response) => void response.setHeader(name, value).end(),
          { 'postern.dev/auth-cache-duration': '1h' },
        )
        for (const _ of [1, 2]) await gateway.send({ headers: { authorization: 'x' } })
        expect(asked, name).toHaveLength(2)
      }
    })
  })
}
