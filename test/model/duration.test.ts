import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDuration } from '../../src/model/duration.ts'

test.each([
  ['0s', 0],
  ['500ms', 500],
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['1h1m1s1ms', 3_661_001],
  ['24h', 86_400_000],
])('%s is %d ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

test.each(['', '5', '-1s', '1.5s', '1s1m', '5 parsecs', '25h', '1d', '999999s', ' 1s', '1s\n'])(
  '"%s" is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  },
)

test('no text makes it throw or leave the range', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^(\d{1,6}(h|m|s|ms)){1,4}$/))
  fc.assert(
    fc.property(text, (some) => {
      const value = parseDuration(some) ?? 0
      expect(Number.isInteger(value) && value >= 0 && value <= 86_400_000).toBe(true)
    }),
  )
})
