import type { JWTPayload } from 'jose'
import { describe, expect, test } from 'vitest'
import { echo, startHttp } from '../support/http.ts'
import { basic, htpasswd, secretYaml, withSecrets } from '../support/secrets.ts'
import { AUDIENCE, ISSUER, startIssuer, tokenAnnotations } from '../support/tokens.ts'
import type { ShellCase } from './gateway-shell.ts'

const KEY = 'key-of-alpha-0123456789abcdef'
const OTHER_KEY = 'key-of-beta-0123456789abcdef'

/** Who comes in with a key or a password, and who does not. */
export function accessTests({ start, closers }: ShellCase): void {
  async function guarded(annotations: Readonly<Record<string, string>>, ...secrets: readonly string[]) {
    const pod = await startHttp(echo)
    closers.push(pod.close)
    const service = { annotations, endpoints: [pod.port] }
    return { service, gateway: await start(withSecrets(service, ...secrets)) }
  }

  describe('API keys', () => {
    const annotations = { 'postern.dev/api-keys': 'partners', 'postern.dev/api-key-header': 'X-Api-Client' }
    const partners = secretYaml('partners', { alpha: KEY, beta: OTHER_KEY })
    const keyed = (key: string) => ({ headers: { 'x-api-key': key } })

    test('a key comes in, and the application is told whose it is, by nobody else', async () => {
      const { gateway } = await guarded(annotations, partners)
      for (const [key, id] of [
        [KEY, 'alpha'],
        [OTHER_KEY, 'beta'],
      ] as const) {
        const forged = { 'x-api-client': 'root', x_api_client: 'root', 'x-api_client': 'root' }
        const { status, body } = await gateway.send({ headers: { 'x-api-key': key, ...forged } })
        expect(status).toBe(200)
        expect(JSON.parse(body).headers['x-api-client']).toBe(id)
        expect(body).not.toContain('root')
      }
    })

    test('without a key, and with another, it is 401', async () => {
      const { gateway } = await guarded(annotations, partners)
      const wrong = [`${KEY}x`, KEY.slice(1), KEY.toUpperCase(), 'alpha']
      for (const request of [{}, ...wrong.map(keyed)]) {
        const { status, headers } = await gateway.send(request)
        expect(status).toBe(401)
        expect(headers['www-authenticate']).toBe('ApiKey realm="postern"')
      }
    })

    test('two keys in one place are refused, though one is good', async () => {
      const { gateway } = await guarded(
        { ...annotations, 'postern.dev/api-key-from': 'query:key, header:X-Key' },
        partners,
      )
      expect((await gateway.send({ path: `/?key=${KEY}` })).status).toBe(200)
      expect((await gateway.send({ path: `/?key=${KEY}&k%65y=x` })).status).toBe(400)
      expect((await gateway.send({ headers: { 'x-key': `${KEY}, x` } })).status).toBe(400)
      expect((await gateway.send(keyed(KEY))).status).toBe(401)
    })

    test('a key may come as a bearer token', async () => {
      const { gateway } = await guarded({ ...annotations, 'postern.dev/api-key-from': 'bearer' }, partners)
      expect((await gateway.send({ headers: { authorization: `Bearer ${KEY}` } })).status).toBe(200)
      expect((await gateway.send({ headers: { authorization: 'Bearer x' } })).status).toBe(401)
    })

    test('a key that is taken out of the Secret lets nobody in any more', async () => {
      const { service, gateway } = await guarded(annotations, partners)
      expect((await gateway.send(keyed(KEY))).status).toBe(200)
      await gateway.publish(withSecrets(service, secretYaml('partners', { beta: OTHER_KEY })))
      await expect.poll(async () => (await gateway.send(keyed(KEY))).status).toBe(401)
      expect((await gateway.send(keyed(OTHER_KEY))).status).toBe(200)
    })

    test('without the Secret nobody comes in: 503', async () => {
      const { gateway } = await guarded(annotations)
      const { status, headers } = await gateway.send(keyed(KEY))
      expect(status).toBe(503)
      expect(headers['www-authenticate']).toBeUndefined()
    })
  })

  describe('passwords', () => {
    const annotations = {
      'postern.dev/basic-auth': 'staff',
      'postern.dev/basic-auth-header': 'X-Remote-User',
    }
    const auth = [
      htpasswd('alice', 'pässword'),
      // htpasswd -nbm bob secret; htpasswd -nbs carol password
      'bob:$apr1$abc$PZF73YJz5hJ9yyI.7OP.R.',
      'carol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    ].join('\n')
    const staff = secretYaml('staff', { auth })

    test.each([
      ['bcrypt', 'alice', 'pässword'],
      ['apr1', 'bob', 'secret'],
      ['SHA', 'carol', 'password'],
    ])('%s: the right one comes in, and no other', async (_how, user, password) => {
      const { gateway } = await guarded(annotations, staff)
      for (const _ of [1, 2]) {
        const { status, body } = await gateway.send({
          headers: { ...basic(user, password), x_remote_user: 'root' },
        })
        expect(status).toBe(200)
        expect(JSON.parse(body).headers['x-remote-user']).toBe(user)
        expect(body).not.toContain('root')
      }
      for (const wrong of [`${password} `, password.toUpperCase(), '']) {
        expect((await gateway.send({ headers: basic(user, wrong) })).status).toBe(401)
      }
    })

    test('the challenge names the realm, and that UTF-8 is read', async () => {
      const { gateway } = await guarded(
        { ...annotations, 'postern.dev/basic-auth-realm': 'Staff only' },
        staff,
      )
      for (const headers of [
        {},
        basic('alice', 'x'),
        basic('nobody', 'pässword'),
        { authorization: 'Basic !' },
      ]) {
        const answer = await gateway.send({ headers })
        expect(answer.status).toBe(401)
        expect(answer.headers['www-authenticate']).toBe('Basic realm="Staff only", charset="UTF-8"')
      }
    })

    test('a Secret of one user will do, and one of none closes', async () => {
      const one = secretYaml(
        'staff',
        { username: 'dora', password: 'open sesame' },
        'kubernetes.io/basic-auth',
      )
      const { service, gateway } = await guarded(annotations, one)
      expect((await gateway.send({ headers: basic('dora', 'open sesame') })).status).toBe(200)
      expect((await gateway.send({ headers: basic('dora', 'x') })).status).toBe(401)
      await gateway.publish(withSecrets(service, secretYaml('staff', { auth: 'dora:plain' })))
      await expect
        .poll(async () => (await gateway.send({ headers: basic('dora', 'open sesame') })).status)
        .toBe(503)
    })

    test('a password that is changed lets nobody in any more', async () => {
      const { service, gateway } = await guarded(annotations, staff)
      expect((await gateway.send({ headers: basic('alice', 'pässword') })).status).toBe(200)
      await gateway.publish(withSecrets(service, secretYaml('staff', { auth: htpasswd('alice', 'another') })))
      await expect
        .poll(async () => (await gateway.send({ headers: basic('alice', 'pässword') })).status)
        .toBe(401)
      expect((await gateway.send({ headers: basic('alice', 'another') })).status).toBe(200)
    })
  })

  test('keys of an issuer may come as a Secret, and are replaced with it', async () => {
    const [issuer, other] = [await startIssuer(), await startIssuer()]
    closers.push(issuer.close, other.close)
    const annotations = {
      'postern.dev/jwt-issuer': ISSUER,
      'postern.dev/jwt-audience': AUDIENCE,
      'postern.dev/jwt-jwks-secret': 'login',
    }
    const keysOf = ({ jwk }: typeof issuer) => secretYaml('login', { jwks: JSON.stringify({ keys: [jwk] }) })
    const { service, gateway } = await guarded(annotations, keysOf(issuer))
    const [good, bad] = [await issuer.token(), await other.token()]
    const statusOf = async (token: string) =>
      (await gateway.send({ headers: { authorization: `Bearer ${token}` } })).status
    expect([await statusOf(good), await statusOf(bad)]).toEqual([200, 401])
    await gateway.publish(withSecrets(service, keysOf(other)))
    await expect.poll(async () => await statusOf(good)).toBe(401)
    expect(await statusOf(bad)).toBe(200)
    await gateway.publish(withSecrets(service))
    await expect.poll(async () => await statusOf(bad)).toBe(503)
    expect([issuer.asked(), other.asked()]).toEqual([0, 0])
  })

  test('an allowance may be of an API key, wherever it comes from', async () => {
    const annotations = {
      'postern.dev/api-keys': 'partners',
      'postern.dev/api-key-from': 'header:X-API-Key, query:key',
      'postern.dev/rate-limit': '1/h key=api-key',
    }
    const { gateway } = await guarded(annotations, secretYaml('partners', { alpha: KEY, beta: OTHER_KEY }))
    expect((await gateway.send({ headers: { 'x-api-key': KEY } })).status).toBe(200)
    expect((await gateway.send({ path: `/?key=${KEY}` })).status).toBe(429)
    expect((await gateway.send({ headers: { 'x-api-key': OTHER_KEY } })).status).toBe(200)
  })

  test('an allowance may be of what a token says, once that is known to be true', async () => {
    const issuer = await startIssuer()
    closers.push(issuer.close)
    const { gateway } = await guarded(
      tokenAnnotations(issuer.jwksUrl, { 'postern.dev/rate-limit': '1/h key=claim:sub' }),
    )
    const statusOf = async (token: string) =>
      (await gateway.send({ headers: { authorization: `Bearer ${token}` } })).status
    const forged = (await issuer.token()).replace(/.{4}$/, 'AAAA')
    // What is forged takes nothing of whose name it bears.
    for (const _ of [1, 2, 3]) expect(await statusOf(forged)).toBe(401)
    expect(await statusOf(await issuer.token())).toBe(200)
    expect(await statusOf(await issuer.token({ jti: 'another' }))).toBe(429)
    expect(await statusOf(await issuer.token({ sub: 'bob' }))).toBe(200)
    // Those of whom nothing is said count by their address.
    const nobody = { sub: ['alice'] } as unknown as JWTPayload
    expect([await statusOf(await issuer.token(nobody)), await statusOf(await issuer.token(nobody))]).toEqual([
      200, 429,
    ])
  })

  test('every answer says what is left of an allowance, unless it is quiet', async () => {
    const { gateway } = await guarded({ 'postern.dev/rate-limit': '3/h' })
    for (const left of [2, 1, 0]) {
      const { status, headers } = await gateway.send()
      expect(status).toBe(200)
      expect(headers['ratelimit-policy']).toBe('"client";q=3;w=3600')
      expect(headers.ratelimit).toBe(`"client";r=${left}`)
    }
    const { gateway: quiet } = await guarded({ 'postern.dev/rate-limit': '1/h quiet' })
    expect((await quiet.send()).headers).not.toHaveProperty('ratelimit')
    const { status, headers } = await quiet.send()
    expect([status, headers['ratelimit-policy']]).toEqual([429, '"client";q=1;w=3600'])
  })

  test.each([
    [{ 'postern.dev/api-keys': 'Not A Name' }],
    [{ 'postern.dev/api-keys': 'other/partners' }],
    [{ 'postern.dev/api-keys': 'partners', 'postern.dev/api-key-from': 'body' }],
    [{ 'postern.dev/api-keys': 'partners', 'postern.dev/api-key-header': 'Host' }],
    [{ 'postern.dev/api-key-from': 'bearer' }],
    [{ 'postern.dev/api-kyes': 'partners' }],
    [{ 'postern.dev/basic-auth': '' }],
    [{ 'postern.dev/basic-auth': 'partners', 'postern.dev/basic-auth-realm': 'a"b' }],
    [{ 'postern.dev/basicauth': 'partners' }],
    [{ 'postern.dev/auth-url': 'file:///etc/passwd' }],
    [
      {
        'postern.dev/auth-url': 'https://auth.example.com/',
        'postern.dev/auth-response-headers': 'Content-Length',
      },
    ],
    [{ 'postern.dev/auth-signin': 'https://auth.example.com/' }],
    [{ 'postern.dev/rate-limit': '1/s key=claim:sub' }],
    [{ 'postern.dev/rate-limit': '1/s key=api-key' }],
  ])('what is half said, or cannot be read, closes: %j', async (annotations) => {
    const { gateway } = await guarded(annotations, secretYaml('partners', { alpha: KEY }))
    expect((await gateway.send({ headers: { 'x-api-key': KEY } })).status).toBe(503)
  })
}
