import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { CredentialBook } from '../../../src/gateway/access/credential-book.ts'
import { KeySets } from '../../../src/gateway/tokens/key-sets.ts'
import { TokenBook } from '../../../src/gateway/tokens/token-book.ts'
import { readTokenCheck } from '../../../src/gateway/tokens/token-check.ts'
import { SIGNATURE_TURNS, Turns } from '../../../src/gateway/turns.ts'
import { type JwtPolicy, jwtAlgorithms } from '../../../src/model/jwt-policy.ts'
import { nodeDigest } from '../../../src/registry/digest.node.ts'
import { secretOpener } from '../../../src/registry/sealing/open-secret.ts'
import { ManualTime } from '../../support/manual-time.ts'
import { goodClaims } from '../../support/tokens.ts'

const policy: JwtPolicy = {
  issuers: [{ issuer: 'joe', jwksUrl: 'https://joe.example.test/keys' }],
  audiences: [],
  algorithms: [...jwtAlgorithms],
  clockSkewMs: 0,
  claims: [],
  headers: [],
  places: [{ in: 'bearer', name: '' }],
}

/** Verifies with these keys, from a moment on. */
function bookOf(keys: readonly JWK[], now: number) {
  const time = new ManualTime()
  const clock = { ...time.clock, now: () => now + time.clock.elapsed() }
  const state = { asked: 0, isAway: false, keys }
  const sets = new KeySets({
    clock,
    timers: time.timers,
    sharesReads: true,
    read: async () => {
      state.asked++
      if (state.isAway) throw new Error('ECONNREFUSED')
      return JSON.stringify({ keys: state.keys })
    },
    onTrouble: () => {},
  })
  const parts = { clock, digest: nodeDigest, onTrouble: (error: Error) => expect.fail(error.message) }
  const book = new TokenBook({
    ...parts,
    keys: sets,
    credentials: new CredentialBook({ ...parts, open: secretOpener([], []), salt: '' }),
    turns: new Turns({ ...SIGNATURE_TURNS, clock }),
  })
  const verdict = async (token: string, more: Partial<JwtPolicy> = {}) => {
    const check = readTokenCheck({ ...policy, ...more })
    if (check === undefined) throw new Error('no check')
    const question = { check, token, credentials: [] }
    const known = book.verdict(question)
    if (known === undefined) await book.verify(question, '192.0.2.1')
    const found = book.verdict(question)
    return { isKnown: known !== undefined, said: found?.type === 'refused' ? found.error : found?.type }
  }
  return { time, state, verdict }
}

const PAYLOAD =
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
const EXP = 1_300_819_380_000
const rsa = {
  kty: 'RSA',
  n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
  e: 'AQAB',
}
const ec = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}
const ec521 = {
  kty: 'EC',
  crv: 'P-521',
  x: 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk',
  y: 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2',
}
const hmac = {
  kty: 'oct',
  k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
}
const okp = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }

const RS256 = `eyJhbGciOiJSUzI1NiJ9.${PAYLOAD}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`
const ES256 = `eyJhbGciOiJFUzI1NiJ9.${PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`

// The examples that are no JWT, or may not be one here, are well made, and open nothing.
test.each([
  [
    'RFC 7515 A.1, HS256',
    `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
    'token-invalid',
  ],
  ['RFC 7515 A.2, RS256', RS256, 'admitted'],
  ['RFC 7515 A.3, ES256', ES256, 'admitted'],
  [
    'RFC 7515 A.4, ES512 of no JSON',
    'eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn',
    'token-invalid',
  ],
  ['RFC 7515 A.5 and RFC 7519 §6.1, unsecured', `eyJhbGciOiJub25lIn0.${PAYLOAD}.`, 'token-invalid'],
  [
    'RFC 7515 §4.1.11, a header that is critical',
    `${btoa('{"alg":"ES256","crit":["exp"],"exp":1}').replaceAll('=', '')}.${PAYLOAD}.AA`,
    'token-invalid',
  ],
  [
    'RFC 8037 A.4, Ed25519 of no JSON',
    'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    'token-invalid',
  ],
])('%s', async (_what, token, said) => {
  const { verdict } = bookOf([hmac, ec521, okp, rsa, ec], EXP - 1000)
  expect(await verdict(token)).toMatchObject({ said })
})

test('an algorithm that the Service does not take is refused, whatever keys there are', async () => {
  const { state, verdict } = bookOf([rsa, ec], EXP - 1000)
  expect(await verdict(RS256, { algorithms: ['ES256'] })).toMatchObject({ said: 'token-invalid' })
  expect(state.asked).toBe(0)
  expect(await verdict(ES256, { algorithms: ['ES256'] })).toMatchObject({ said: 'admitted' })
})

test('a signature of one kind of key is not looked at with another', async () => {
  const { verdict } = bookOf(
    [
      { ...ec, alg: 'ES384' },
      { ...rsa, use: 'enc' },
      { ...ec, key_ops: ['sign'] },
    ],
    EXP - 1000,
  )
  expect(await verdict(ES256)).toMatchObject({ said: 'token-invalid' })
  expect(await verdict(RS256)).toMatchObject({ said: 'token-invalid' })
})

test('a token is remembered until it expires, and not a moment longer', async () => {
  const { time, state, verdict } = bookOf([ec], EXP - 60_000)
  expect(await verdict(ES256)).toEqual({ isKnown: false, said: 'admitted' })
  state.isAway = true
  time.pass(59_999)
  expect(await verdict(ES256)).toEqual({ isKnown: true, said: 'admitted' })
  time.pass(1)
  expect(await verdict(ES256)).toEqual({ isKnown: false, said: 'token-expired' })
  expect(state.asked).toBe(1)
})

test('a long token is verified again after five minutes, so that a withdrawn key lets nobody in', async () => {
  const { time, state, verdict } = bookOf([ec], EXP - 3_600_000)
  expect(await verdict(ES256)).toEqual({ isKnown: false, said: 'admitted' })
  state.keys = [rsa]
  time.pass(299_999)
  expect(await verdict(ES256)).toEqual({ isKnown: true, said: 'admitted' })
  time.pass(1)
  expect(await verdict(ES256)).toEqual({ isKnown: false, said: 'token-invalid' })
})

test('what is known of a token for one Service says nothing to another', async () => {
  const { verdict } = bookOf([ec], EXP - 1000)
  expect(await verdict(ES256)).toMatchObject({ said: 'admitted' })
  expect(await verdict(ES256, { audiences: ['other'] })).toEqual({
    isKnown: false,
    said: 'token-audience-wrong',
  })
  expect(await verdict(ES256, { claims: [{ name: 'scope' }] })).toEqual({
    isKnown: false,
    said: 'token-claims-missing',
  })
  expect(await verdict(ES256)).toEqual({ isKnown: true, said: 'admitted' })
})

test('however many tokens are made up, a good one stays known', async () => {
  const { verdict } = bookOf([ec], EXP - 60_000)
  await verdict(ES256)
  for (let i = 0; i < 6_000; i++) await verdict(`a.b.${i}`)
  expect(await verdict(ES256)).toEqual({ isKnown: true, said: 'admitted' })
})

test('with no keys nobody can tell, and the next token asks again soon', async () => {
  const { time, state, verdict } = bookOf([ec], EXP - 60_000)
  state.isAway = true
  expect(await verdict(ES256)).toMatchObject({ said: 'token-keys-missing' })
  state.isAway = false
  time.pass(5_000)
  expect(await verdict(ES256)).toMatchObject({ said: 'admitted' })
})

test.each(['dpop+jwt', 'logout+jwt', 'application/secevent+jwt'])(
  'a %s is for something else',
  async (typ) => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const sign = (type: string) =>
      new SignJWT({ ...goodClaims(), iss: 'joe' })
        .setProtectedHeader({ alg: 'ES256', typ: type })
        .sign(privateKey)
    const { verdict } = bookOf([await exportJWK(publicKey)], (goodClaims().iat ?? 0) * 1000)
    expect(await verdict(await sign(typ))).toMatchObject({ said: 'token-invalid' })
    expect(await verdict(await sign('at+JWT'))).toMatchObject({ said: 'admitted' })
  },
)
