import type { JWTPayload } from 'jose'
import { describe, expect, test } from 'vitest'
import { algNone, duplicated, keyConfused, withHeader } from '../support/forged-tokens.ts'
import { serviceYaml } from '../support/gateway.ts'
import { echo, startHttp } from '../support/http.ts'
import { AUDIENCE, goodClaims, ISSUER, startIssuer, tokenAnnotations } from '../support/tokens.ts'
import type { ShellCase } from './gateway-shell.ts'

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const INVALID =
  'Bearer realm="postern", error="invalid_token", error_description="the token cannot be verified"'

/** Who comes in with a token, and who does not. */
export function tokenTests({ start, closers }: ShellCase): void {
  async function guarded(more: Readonly<Record<string, string>> = {}, alg = 'ES256') {
    const issuer = await startIssuer(alg)
    const pod = await startHttp(echo)
    closers.push(issuer.close, pod.close)
    const annotations = tokenAnnotations(issuer.jwksUrl, more)
    return { issuer, gateway: await start(serviceYaml({ annotations, endpoints: [pod.port] })) }
  }

  describe('tokens', () => {
    test('a good token comes in, again and again, for one reading of the keys', async () => {
      const { issuer, gateway } = await guarded()
      const token = await issuer.token()
      for (const _ of [1, 2, 3]) expect((await gateway.send(bearer(token))).status).toBe(200)
      expect((await gateway.send(bearer(await issuer.token({ sub: 'bob' })))).status).toBe(200)
      expect(issuer.asked()).toBe(1)
    })

    test.each(['RS256', 'PS256', 'EdDSA'])('%s is taken', async (alg) => {
      const { issuer, gateway } = await guarded({}, alg)
      expect((await gateway.send(bearer(await issuer.token()))).status).toBe(200)
    })

    test('without a token the challenge says nothing of errors, and no key is read', async () => {
      const { issuer, gateway } = await guarded()
      const { status, headers } = await gateway.send()
      expect(status).toBe(401)
      expect(headers['www-authenticate']).toBe('Bearer realm="postern"')
      expect(issuer.asked()).toBe(0)
    })

    const now = () => goodClaims().iat ?? 0
    test.each<[string, () => JWTPayload, number, string]>([
      ['has expired', () => ({ exp: now() - 60 }), 401, 'the token has expired'],
      ['holds later', () => ({ nbf: now() + 600 }), 401, 'the token does not hold yet'],
      [
        'is for another',
        () => ({ aud: 'https://other.example.test' }),
        401,
        'the token is for another audience',
      ],
      ['is for nobody', () => ({ aud: [] }), 401, 'the token is for another audience'],
      [
        'is of another issuer',
        () => ({ iss: 'https://evil.example.test' }),
        401,
        'the token cannot be verified',
      ],
      [
        'is of an issuer with a slash more',
        () => ({ iss: `${ISSUER}/` }),
        401,
        'the token cannot be verified',
      ],
    ])('a token that %s is refused', async (_what, claims, status, description) => {
      const { issuer, gateway } = await guarded()
      const refused = await gateway.send(bearer(await issuer.token(claims())))
      expect(refused.status).toBe(status)
      const challenge = `Bearer realm="postern", error="invalid_token", error_description="${description}"`
      expect(refused.headers['www-authenticate']).toBe(challenge)
    })

    test('a token within the clock skew comes in', async () => {
      const { issuer, gateway } = await guarded({ 'postern.dev/jwt-clock-skew': '2m' })
      const claims = { exp: now() - 60, nbf: now() + 60 }
      expect((await gateway.send(bearer(await issuer.token(claims)))).status).toBe(200)
    })

    test('forged tokens are refused', async () => {
      const { issuer, gateway } = await guarded({}, 'RS256')
      const good = await issuer.token()
      const [header, payload, signature] = good.split('.')
      const forged: Record<string, string> = {
        'alg none': algNone(goodClaims()),
        'alg nOnE': algNone(goodClaims(), 'nOnE'),
        'the public key as a secret': keyConfused(issuer.jwk, goodClaims()),
        'a critical header': withHeader(good, { crit: ['exp'] }),
        'another signature': `${header}.${payload}.${signature?.split('').reverse().join('')}`,
        'another payload': `${header}.${payload?.slice(0, -4)}AAAA.${signature}`,
        'its own key in the header': await selfSigned(),
        'a key by URL': withHeader(good, { jku: 'https://evil.example.test/keys.json' }),
      }
      for (const [what, token] of Object.entries(forged)) {
        const { status, headers } = await gateway.send(bearer(token))
        expect(status, what).toBe(401)
        expect(headers['www-authenticate'], what).toBe(INVALID)
      }
      // That they are refused must not be for want of a way in.
      expect((await gateway.send(bearer(good))).status).toBe(200)
    })

    test('members that stand twice are refused, though well signed', async () => {
      const { issuer, gateway } = await guarded()
      for (const part of ['header', 'payload'] as const) {
        const token = await duplicated(issuer, part)
        expect((await gateway.send(bearer(token))).status, part).toBe(401)
      }
    })

    test('what is not exactly one readable token is refused', async () => {
      const { issuer, gateway } = await guarded()
      const token = await issuer.token()
      const oversized = await issuer.token({ pad: 'x'.repeat(9_000) })
      const values = [
        `Bearer ${token}, Bearer ${token}`,
        `Bearer ${token} x`,
        'Bearer',
        `Bearer ${oversized}`,
      ]
      for (const authorization of values) {
        const { status, headers } = await gateway.send({ headers: { authorization } })
        expect(status, authorization.slice(0, 40)).toBe(400)
        expect(headers['www-authenticate']).toContain('error="invalid_request"')
      }
      expect((await gateway.send({ headers: { authorization: `Basic x, Bearer ${token}` } })).status).toBe(
        401,
      )
    })

    test('two Authorization fields are refused, whichever is good', async () => {
      const { issuer, gateway } = await guarded()
      const token = `Bearer ${await issuer.token()}`
      for (const authorization of [
        [token, 'Bearer x.y.z'],
        ['Bearer x.y.z', token],
      ]) {
        expect((await gateway.send({ headers: { Authorization: authorization } })).status).toBe(400)
      }
    })

    test('only where a token may be is one looked for', async () => {
      const { issuer, gateway } = await guarded()
      const token = await issuer.token()
      expect((await gateway.send({ path: `/?access_token=${token}` })).status).toBe(401)
      expect((await gateway.send({ headers: { cookie: `session=${token}` } })).status).toBe(401)
    })

    test('a token may come by field, cookie and query, as the Service says', async () => {
      const from = 'bearer, cookie:session, query:token, header:X-Token'
      const { issuer, gateway } = await guarded({ 'postern.dev/jwt-from': from })
      const token = await issuer.token()
      const statusOf = async (request: object) => (await gateway.send(request)).status
      expect(await statusOf({ headers: { cookie: `a=b; session=${token}` } })).toBe(200)
      expect(await statusOf({ path: `/?a=b&token=${token}` })).toBe(200)
      expect(await statusOf({ headers: { 'x-token': token } })).toBe(200)
      expect(await statusOf({ headers: { cookie: `session=${token}; session=x.y.z` } })).toBe(400)
      expect(await statusOf({ path: `/?token=${token}&%74oken=x.y.z` })).toBe(400)
    })

    test('claims that are asked for must be there', async () => {
      const claims = 'scope=orders:read, groups=staff, email_verified=true, sub'
      const { issuer, gateway } = await guarded({ 'postern.dev/jwt-required-claims': claims })
      const all = { scope: 'a orders:read', groups: ['staff'], email_verified: true }
      expect((await gateway.send(bearer(await issuer.token(all)))).status).toBe(200)
      for (const lacking of [
        { ...all, scope: 'orders:readwrite' },
        { ...all, groups: 'staffers' },
        { ...all, email_verified: false },
        { ...all, sub: undefined },
      ]) {
        const { status, headers } = await gateway.send(bearer(await issuer.token(lacking as JWTPayload)))
        expect(status).toBe(403)
        expect(headers['www-authenticate']).toContain('error="insufficient_scope"')
      }
    })

    test('claims go on as fields, and no client can send these', async () => {
      const headers = 'sub=X-User-Id, groups=X-Groups, name=X-Name, absent=X-Absent'
      const { issuer, gateway } = await guarded({ 'postern.dev/jwt-claim-headers': headers })
      const token = await issuer.token({ groups: ['a', 'b,c'], name: 'Søren 100%' })
      const forged = Object.fromEntries(
        ['x-user-id', 'X_User_Id', 'X.User.Id', 'x-user_id', 'x-absent', 'x_absent', 'x-name'].map((name) => [
          name,
          'root',
        ]),
      )
      const { body } = await gateway.send({
        headers: { ...forged, authorization: `Bearer ${token}`, connection: 'x-groups' },
      })
      const seen = JSON.parse(body).headers
      expect(seen).toMatchObject({
        'x-user-id': 'alice',
        'x-groups': 'a,b%2Cc',
        'x-name': 'S%C3%B8ren 100%25',
      })
      expect(JSON.stringify(seen)).not.toContain('root')
      // The application may look at it itself.
      expect(seen.authorization).toBe(`Bearer ${token}`)
    })

    test('a new key is read when a token names it, and one that nobody has but once', async () => {
      const { issuer, gateway } = await guarded()
      expect((await gateway.send(bearer(await issuer.token()))).status).toBe(200)
      // No sooner than ten seconds after the last time: these are too soon.
      for (const kid of ['a', 'b', 'c']) {
        expect((await gateway.send(bearer(await issuer.token({}, { kid })))).status).toBe(401)
      }
      expect(issuer.asked()).toBe(1)
    })

    test('without any keys it is the gateway that cannot: 503', async () => {
      const { issuer, gateway } = await guarded()
      issuer.answerWith((_request, response) => void response.writeHead(500).end())
      const { status, headers } = await gateway.send(bearer(await issuer.token()))
      expect(status).toBe(503)
      expect(headers['www-authenticate']).toBeUndefined()
    })

    test('a redirect of the keys is not followed', async () => {
      const { issuer, gateway } = await guarded()
      const other = await startIssuer()
      closers.push(other.close)
      issuer.answerWith(
        (_request, response) => void response.writeHead(302, { location: other.jwksUrl }).end(),
      )
      expect((await gateway.send(bearer(await other.token()))).status).toBe(503)
      expect(other.asked()).toBe(0)
    })

    test('keys are not read where the operator does not allow it', async () => {
      const { issuer, gateway } = await guarded({
        'postern.dev/jwt-jwks-url': 'http://169.254.169.254/keys.json',
      })
      expect((await gateway.send(bearer(await issuer.token()))).status).toBe(503)
    })

    test.each([
      ['issuer', 'https://a b'],
      ['audience', ''],
      ['jwks-url', 'file:///etc/passwd'],
      ['algorithms', 'none'],
      ['algorithms', 'HS256'],
      ['clock-skew', '1h'],
      ['required-claims', '=x'],
      ['claim-headers', 'sub=Host'],
      ['from', 'body'],
      ['isuer', ISSUER],
    ])('jwt-%s: "%s" closes the Service, for good tokens too', async (name, value) => {
      const { issuer, gateway } = await guarded({ [`postern.dev/jwt-${name}`]: value })
      expect((await gateway.send()).status).toBe(503)
      expect((await gateway.send(bearer(await issuer.token({ aud: AUDIENCE })))).status).toBe(503)
    })
  })
}

/** Signed by a key that the token brings along (RFC 7515 §4.1.3). */
async function selfSigned(): Promise<string> {
  const evil = await startIssuer('RS256')
  await evil.close()
  return await evil.token({}, { jwk: evil.jwk })
}
