import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCanonical } from '../../src/model/canonical.ts'

test('keys are sorted, at every depth, and undefined members left out', () => {
  expect(encodeCanonical({ b: [{ d: 1, c: undefined }], a: null })).toBe('{"a":null,"b":[{"d":1}]}')
})

test('any JSON comes back as it was, and the order of keys does not show', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = encodeCanonical(value)
      // -0 is 0 in JSON.
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(encodeCanonical(reversed(JSON.parse(text)))).toBe(text)
    }),
  )
})

function reversed(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(reversed)
  const members = Object.entries(value).reverse()
  return Object.fromEntries(members.map(([key, member]) => [key, reversed(member)]))
}
