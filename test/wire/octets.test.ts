import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeOctets, encodeOctets, encodeUtf8 } from '../../src/wire/octets.ts'

test('every byte is one character, and back', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  expect(encodeOctets(decodeOctets(all))).toEqual(all)
  const long = new Uint8Array(10_000).map((_, i) => i)
  expect(encodeOctets(decodeOctets(long))).toEqual(long)
})

test('UTF-8 text becomes its bytes, and back', () => {
  expect(encodeUtf8('caf\xe9 \u20ac')).toBe('caf\xc3\xa9 \xe2\x82\xac')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(Buffer.from(encodeUtf8(text), 'latin1').toString()).toBe(text)
    }),
  )
})
