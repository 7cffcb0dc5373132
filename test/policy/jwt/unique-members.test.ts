import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasUniqueMembers } from '../../../src/policy/jwt/unique-members.ts'

test('whatever a serialiser writes has unique members', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(hasUniqueMembers(JSON.stringify(value))).toBe(true)
    }),
  )
})

test.each([
  ['{"a":1,"a":2}', false],
  ['{"alg":"none","\\u0061lg":"ES256"}', false],
  ['{"x":{"a":1,"a":1}}', false],
  ['[{"a":1},{"b":1,"b":2}]', false],
  ['{"a" : 1, "b": {"a": 1}, "c":[{"a":1},{"a":2}]}', true],
  ['{"a":"\\"a\\":1","b":"a"}', true],
  ['{"a":["a","a"]}', true],
  ['{"\\\\":1,"\\"":2}', true],
  ['{"__proto__":1,"__proto__":2}', false],
  ['"a"', true],
])('%s: %s', (text, isUnique) => {
  expect(hasUniqueMembers(text)).toBe(isUnique)
})

test('a member that is added a second time anywhere is found', () => {
  const objects = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { minKeys: 1 })
  fc.assert(
    fc.property(objects, fc.nat(), (object, nth) => {
      const names = Object.keys(object)
      const name = JSON.stringify(names[nth % names.length])
      expect(hasUniqueMembers(JSON.stringify(object).replace(/\}$/, () => `,${name}:0}`))).toBe(false)
    }),
  )
})
