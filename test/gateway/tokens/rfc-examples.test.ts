import { expect, test } from 'vitest'
import { KeySet } from '../../../src/gateway/tokens/key-set.ts'
import { isSignedByOneOf } from '../../../src/gateway/tokens/signature.ts'
import { findToken } from '../../../src/policy/jwt/find-token.ts'
import { readJwt } from '../../../src/policy/jwt/read-jwt.ts'

// The public keys of RFC 7520 §3.1 and §3.3, of RFC 8037 A.2, and the secret of §3.5.
const BILBO = 'bilbo.baggins@hobbiton.example'
const rsa = {
  kty: 'RSA',
  kid: BILBO,
  use: 'sig',
  n: 'n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw',
  e: 'AQAB',
}
const ec = {
  kty: 'EC',
  kid: BILBO,
  use: 'sig',
  crv: 'P-521',
  x: 'AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt',
  y: 'AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1',
}
const okp = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
const oct = {
  kty: 'oct',
  kid: '018c0ae5-4d9b-471b-bfd6-eef314bc7037',
  use: 'sig',
  alg: 'HS256',
  k: 'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg',
}
const all = new KeySet(JSON.stringify({ keys: [oct, rsa, ec, okp] }))

/** RFC 7520 §4: "It’s a dangerous business, Frodo, going out your door. …" */
const PAYLOAD =
  'SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4'

const signed: readonly (readonly [what: string, alg: string, kid: string | undefined, token: string])[] = [
  [
    'RFC 7520 §4.1',
    'RS256',
    BILBO,
    `eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.${PAYLOAD}.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg`,
  ],
  [
    'RFC 7520 §4.2',
    'PS384',
    BILBO,
    `eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.${PAYLOAD}.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw`,
  ],
  [
    'RFC 7520 §4.3',
    'ES512',
    BILBO,
    `eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.${PAYLOAD}.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2`,
  ],
  [
    'RFC 8037 A.4',
    'EdDSA',
    undefined,
    'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  ],
]

test.each(signed)(
  '%s, %s: the signature is good, and of no other algorithm or key',
  async (_what, alg, kid, token) => {
    const header = { alg, ...(kid !== undefined && { kid }), typ: undefined, crit: undefined, b64: undefined }
    expect(await isSignedByOneOf(token, header, all)).toBe(true)
    expect(
      await isSignedByOneOf(
        token.replace(/.\.[^.]*\./, (part) => part.replace('I', 'J')),
        header,
        all,
      ),
    ).toBe(false)
    for (const other of ['RS512', 'PS256', 'ES256', 'HS256', 'none', 'EdDSA', 'RS256'].filter(
      (one) => one !== alg,
    )) {
      expect(await isSignedByOneOf(token, { ...header, alg: other }, all), other).toBe(false)
    }
    expect(await isSignedByOneOf(token, { ...header, kid: 'another' }, all)).toBe(false)
  },
)

test.each(signed)('%s is no JWT: what it signs is no claims set', (_what, _alg, _kid, token) => {
  expect(readJwt(token)).toBeUndefined()
})

test('RFC 7520 §4.4, HS256: a shared secret verifies nothing, though the set holds it', async () => {
  const token = `eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.${PAYLOAD}.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0`
  const header = { alg: 'HS256', kid: oct.kid }
  expect(all.knows(header)).toBe(false)
  expect(await isSignedByOneOf(token, header, all)).toBe(false)
})

test('RFC 7517 A.1: of the set only the key for signatures is used, and only as it says', () => {
  const set = new KeySet(
    JSON.stringify({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
          y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
          use: 'enc',
          kid: '1',
        },
        { ...rsa, use: undefined, alg: 'RS256', kid: '2011-04-29' },
      ],
    }),
  )
  expect(set.knows({ alg: 'ES256', kid: '1' })).toBe(false)
  expect(set.knows({ alg: 'RS256', kid: '2011-04-29' })).toBe(true)
  expect(set.knows({ alg: 'PS256', kid: '2011-04-29' })).toBe(false)
})

const places = [{ in: 'bearer', name: '' }] as const
const found = (token: string) => findToken({ field: () => `Bearer ${token}` }, '', places)

test.each([
  [
    'RFC 7520 §5.6, a JWE',
    'eyJhbGciOiJkaXIiLCJraWQiOiI3N2M3ZTJiOC02ZTEzLTQ1Y2YtODY3Mi02MTdiNWI0NTI0M2EiLCJlbmMiOiJBMTI4R0NNIn0..refa467QzzKx6QAB.JW_i_f52hww_ELQPGaYyeAB6HYGcR559l9TYnSovc23XJoBcW29rHP8yZOZG7YhLpT1bjFuvZPjQS.vbb32Xvllea2OtmHAdccRQ',
  ],
  ['RFC 7515 A.6, general JSON', '{"payload":"e30","signatures":[{"protected":"e30","signature":"AA"}]}'],
  ['RFC 7515 A.7, flattened JSON', '{"payload":"e30","protected":"e30","signature":"AA"}'],
  ['RFC 7515 F, detached content', `${btoa('{"alg":"RS256"}')}..AA`],
  ['RFC 7519 §6.1, unsecured', 'eyJhbGciOiJub25lIn0.e30.'],
])('%s is no token in compact form: it is not looked at', (_what, token) => {
  expect(found(token).type).toBe('unclear')
})

const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url')

test.each([
  [
    'RFC 7515 E, crit',
    { alg: 'RS256', crit: ['http://example.com/UNDEFINED'], 'http://example.com/UNDEFINED': true },
  ],
  ['RFC 7797, b64', { alg: 'RS256', b64: false, crit: ['b64'] }],
  ['RFC 7797, b64 that is not critical', { alg: 'RS256', b64: true }],
  ['RFC 7519 §5.3, nested', { alg: 'RS256', typ: 'JWE', cty: 'JWT' }],
])('%s: a header that asks for more than is done here is refused', (_what, header) => {
  const claims = { iss: 'joe', exp: 1_300_819_380 }
  expect(readJwt(`${part({ alg: 'RS256' })}.${part(claims)}.AA`)).toBeDefined()
  expect(readJwt(`${part(header)}.${part(claims)}.AA`)).toBeUndefined()
})

test('RFC 7519 §4: a claim that stands twice makes it no token, however it is spelt', () => {
  const header = part({ alg: 'RS256' })
  for (const text of ['{"iss":"a","iss":"b","exp":1}', '{"iss":"a","\\u0069ss":"b","exp":1}']) {
    expect(readJwt(`${header}.${Buffer.from(text).toString('base64url')}.AA`)).toBeUndefined()
  }
})
