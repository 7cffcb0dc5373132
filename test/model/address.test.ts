import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { expect, test } from 'vitest'
import { isInCidr, parseCidr, parseIp } from '../../src/model/address.ts'

test.each(['10.0.0.0/8', '0.0.0.0/0', '203.0.113.7/32', '2001:db8::/32', '::/0'])('%s is a block', (text) => {
  expect(parseCidr(text)).toBeDefined()
})

// What some readers take for octal, hexadecimal, or an address with parts left out.
test.each([
  '010.0.0.0/8',
  '10/8',
  '10.1/16',
  '0x0a.0.0.0/8',
  '167772160/8',
  '10.0.0.0',
  '10.0.0.0/33',
  '2001:db8::/129',
  '',
])('"%s" is no block', (text) => {
  expect(parseCidr(text)).toBeUndefined()
})

test.each(['010.0.0.1', '10.1', '0x0a000001', '1.2.3.4.5', '1.2.3.256'])('"%s" is no address', (text) => {
  expect(parseIp(text)).toBeUndefined()
})

test('a block of IPv4-mapped addresses is one of IPv4 addresses, as those are', () => {
  expect(parseCidr('::ffff:10.0.0.0/104')).toEqual(parseCidr('10.0.0.0/8'))
  expect(parseCidr('::ffff:0:0/96')).toEqual(parseCidr('0.0.0.0/0'))
  const wider = parseCidr('::ffff:0:0/95')
  const client = parseIp('::ffff:10.0.0.1')
  expect(wider !== undefined && client !== undefined && isInCidr(client, wider)).toBe(false)
})

test('an address is in a block as ipaddr.js has it', () => {
  const v4 = fc.tuple(
    fc.array(fc.constantFrom(0, 1, 127, 128, 254, 255), { minLength: 4, maxLength: 4 }),
    fc.nat(32),
  )
  const v6 = fc.tuple(
    fc.array(fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xffff), { minLength: 8, maxLength: 8 }),
    fc.nat(128),
  )
  const ipv4 = v4.map(([octets, bits]) => [new ipaddr.IPv4(octets), bits] as const)
  const ipv6 = v6.map(([parts, bits]) => [new ipaddr.IPv6(parts), bits] as const)
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), fc.oneof(ipv4, ipv6), ([address], block) => {
      const isIn = address.kind() === block[0].kind() && address.match(block[0], block[1])
      expect(isInCidr(address, block)).toBe(isIn)
    }),
    { numRuns: 3_000 },
  )
})
