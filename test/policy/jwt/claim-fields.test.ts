import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { claimFields } from '../../../src/policy/jwt/claim-fields.ts'

const fieldOf = (claim: unknown) =>
  claimFields({ iss: 'i', exp: 1, claim }, [{ claim: 'claim', field: 'X-Claim' }])[1]

test.each([
  ['alice', 'alice'],
  [42, '42'],
  [false, 'false'],
  [['a', 'b,c', 1], 'a,b%2Cc,1'],
  ['a,b', 'a,b'],
  ['50%', '50%25'],
  ['a\r\nX-Admin: 1', 'a%0D%0AX-Admin: 1'],
  ['\ud83d\ude80', '%F0%9F%9A%80'],
  [' a ', '%20a%20'],
  ['\ud800', '%EF%BF%BD'],
  ['', undefined],
  [null, undefined],
  [{ a: 1 }, undefined],
  [[{ a: 1 }], undefined],
  ['x'.repeat(3_000), undefined],
])('%j goes on as %s', (claim, value) => {
  expect(fieldOf(claim)).toBe(value)
})

test('no claim writes what a field cannot hold, and a reader gets back what was said', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (claim) => {
      const value = fieldOf(claim)
      expect(value).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/)
      expect(decodeURIComponent(value ?? '')).toBe(claim.toWellFormed())
    }),
  )
})

test('what every object has is no claim', () => {
  const headers = ['constructor', '__proto__', 'toString'].map((claim) => ({ claim, field: 'X-Claim' }))
  expect(claimFields({ iss: 'i', exp: 1 }, headers)).toEqual([])
})
