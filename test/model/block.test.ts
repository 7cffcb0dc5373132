import { expect, test } from 'vitest'
import { normaliseBlock } from '../../src/model/address.ts'

test.each([
  ['203.0.113.7', '203.0.113.7/32'],
  ['203.0.113.7/24', '203.0.113.0/24'],
  ['203.0.113.255/31', '203.0.113.254/31'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:DB8::7', '2001:db8::7/128'],
  ['2001:db8:ffff::/33', '2001:db8:8000::/33'],
  ['::/0', '::/0'],
  // Clients that come by IPv4-mapped IPv6 are IPv4 to everybody.
  ['::ffff:203.0.113.7', '203.0.113.7/32'],
  ['::ffff:203.0.113.0/120', '203.0.113.0/24'],
  ['::ffff:0:0/96', '0.0.0.0/0'],
  ['010.0.0.0/8', undefined],
  ['10/8', undefined],
  ['10.0.0.0/33', undefined],
  ['10.0.0.0/', undefined],
  // A zone is one machine's.
  ['fe80::1%eth0', undefined],
  ['example.com', undefined],
  ['', undefined],
])('block %s is %s', (text, block) => {
  expect(normaliseBlock(text)).toBe(block)
})
