import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readJwt } from '../../../src/policy/jwt/read-jwt.ts'
import { encoded } from '../../support/forged-tokens.ts'

const CLAIMS = { iss: 'i', exp: 1 }
const read = (header: unknown, claims: unknown) => readJwt(`${encoded(header)}.${encoded(claims)}.AA`)

test('whatever comes is a token or none, and never an exception', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.string({ unit: 'binary' }), (header, claims, text) => {
      for (const found of [read(header, claims), read({ alg: 'ES256' }, claims), readJwt(text)]) {
        if (found === undefined) continue
        expect(typeof found.claims.iss).toBe('string')
        expect(Number.isFinite(found.claims.exp)).toBe(true)
      }
    }),
  )
})

test.each<[string, unknown, unknown]>([
  ['an algorithm that is no text', { alg: ['ES256'] }, CLAIMS],
  ['no algorithm', {}, CLAIMS],
  ['a critical header', { alg: 'ES256', crit: [] }, CLAIMS],
  ['a critical header that is null', { alg: 'ES256', crit: null }, CLAIMS],
  ['a payload that is bare', { alg: 'ES256', b64: false }, CLAIMS],
  ['a key id that is no text', { alg: 'ES256', kid: 1 }, CLAIMS],
  ['no end', { alg: 'ES256' }, { iss: 'i' }],
  ['an end that is text', { alg: 'ES256' }, { iss: 'i', exp: '9999999999' }],
  ['an end that never comes', { alg: 'ES256' }, '{"iss":"i","exp":1e999}'],
  ['a beginning that is text', { alg: 'ES256' }, { ...CLAIMS, nbf: '0' }],
  ['no issuer', { alg: 'ES256' }, { exp: 1 }],
  ['issuers', { alg: 'ES256' }, { iss: ['i'], exp: 1 }],
  ['an audience that is no text', { alg: 'ES256' }, { ...CLAIMS, aud: { a: 1 } }],
  ['a list of claims', { alg: 'ES256' }, [CLAIMS]],
  ['a byte order mark', { alg: 'ES256' }, '\ufeff{"iss":"i","exp":1}'],
])('a token with %s is none', (_what, header, claims) => {
  expect(read({ alg: 'ES256' }, CLAIMS)).toMatchObject({ header: { alg: 'ES256' }, claims: CLAIMS })
  expect(read(header, claims)).toBeUndefined()
})

test('bytes that are no UTF-8 are none', () => {
  const claims = Buffer.from('{"iss":"\xff","exp":1}', 'latin1').toString('base64url')
  expect(readJwt(`${encoded({ alg: 'ES256' })}.${claims}.AA`)).toBeUndefined()
})
