import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { expect, test } from 'vitest'
import { readIpv4, readIpv6 } from '../../src/model/ip-text.ts'

test.each([
  ['0.0.0.0', [0, 0, 0, 0]],
  ['255.255.255.255', [255, 255, 255, 255]],
  ['1.20.0.3', [1, 20, 0, 3]],
])('%s', (text, octets) => {
  expect(readIpv4(text)).toEqual(octets)
})

test.each([
  ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
  ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
  ['1::', [1, 0, 0, 0, 0, 0, 0, 0]],
  ['1:2:3:4:5:6:7::', [1, 2, 3, 4, 5, 6, 7, 0]],
  ['::2:3:4:5:6:7:8', [0, 2, 3, 4, 5, 6, 7, 8]],
  ['2001:DB8::a:0:FFFF', [0x2001, 0xdb8, 0, 0, 0, 10, 0, 0xffff]],
  ['::ffff:1.2.3.4', [0, 0, 0, 0, 0, 0xffff, 0x102, 0x304]],
  ['::1.2.3.4', [0, 0, 0, 0, 0, 0, 0x102, 0x304]],
  ['1:2:3:4:5:6:255.0.0.1', [1, 2, 3, 4, 5, 6, 0xff00, 1]],
])('%s', (text, parts) => {
  expect(readIpv6(text)).toEqual(parts)
})

/** Made of the parts of addresses, most often wrongly. */
const piece = fc.constantFrom(
  ':',
  ':',
  '::',
  '.',
  '0',
  '1',
  '00',
  '01',
  '255',
  '256',
  'ffff',
  'FfFf',
  'fffff',
  'g',
  ' ',
  '%',
  '1.2.3.4',
)
const texts = fc.oneof(
  { weight: 2, arbitrary: fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join('')) },
  { weight: 1, arbitrary: fc.ipV6() },
  { weight: 1, arbitrary: fc.ipV4() },
  { weight: 1, arbitrary: fc.string() },
)

test('what Node takes for an address is read as it reads it, and nothing else', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const [v4, v6] = [readIpv4(text), readIpv6(text)]
      expect(v4 !== undefined).toBe(isIPv4(text))
      expect(v6 !== undefined).toBe(isIPv6(text) && !text.includes('%'))
      if (v4 !== undefined) expect(v4).toEqual(ipaddr.IPv4.parse(text).octets)
      // Not ipaddr's own reading: it takes ::1.2.3.4 for the mapped ::ffff:1.2.3.4.
      if (v6 !== undefined)
        expect(v6).toEqual(ipaddr.IPv6.parse(new URL(`http://[${text}]`).hostname.slice(1, -1)).parts)
    }),
    { numRuns: 20_000 },
  )
})
