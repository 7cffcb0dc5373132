import { expect, test } from 'vitest'
import { parseBytes } from '../../src/model/quantity.ts'

test.each([
  ['4096', 4096],
  ['10Mi', 10_485_760],
  ['1.5Gi', 1_610_612_736],
  ['500k', 500_000],
  ['1.1M', 1_100_000],
  ['0.5Ki', 512],
  ['1', 1],
  ['0', undefined],
  ['0.001', undefined],
  ['1.0001k', undefined],
  ['-1', undefined],
  ['10MB', undefined],
  ['10 Mi', undefined],
  ['10mi', undefined],
  ['100m', undefined],
  ['1e3', undefined],
  ['Infinity', undefined],
  ['999999999999999Ti', undefined],
  ['', undefined],
])('"%s" is %s bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes)
})
