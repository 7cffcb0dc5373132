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
