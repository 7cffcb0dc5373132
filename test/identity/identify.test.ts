import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCidrs } from '../../src/cli/address-values.ts'
import { identifyClient, identifyPeer } from '../../src/identity/identify.ts'
import type { Cidr } from '../../src/model/address.ts'

function cidrs(text: string): readonly Cidr[] {
  const parsed = parseCidrs(text)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

const PROXIES = cidrs('10.0.0.0/8, 192.0.2.1, 2001:db8::/32')

function clientOf(peer: string, forwardedFor?: string, proto?: string, proxies = PROXIES, more = {}) {
  const fields = new Map([
    ['x-forwarded-for', forwardedFor],
    ['x-forwarded-proto', proto],
  ])
  const trust = { trustedProxies: proxies, ...more }
  return identifyClient(identifyPeer(peer, proxies), { field: (name) => fields.get(name) }, trust)
}

describe('the peer', () => {
  test.each([
    ['10.1.2.3', { address: '10.1.2.3', isTrusted: true }],
    ['::ffff:10.1.2.3', { address: '10.1.2.3', isTrusted: true }],
    ['::ffff:a01:203', { address: '10.1.2.3', isTrusted: true }],
    ['::ffff:11.1.2.3', { address: '11.1.2.3', isTrusted: false }],
    ['192.0.2.1', { address: '192.0.2.1', isTrusted: true }],
    ['192.0.2.2', { address: '192.0.2.2', isTrusted: false }],
    ['2001:db8::1', { address: '2001:db8::1', isTrusted: true }],
    ['2001:DB8:0:0::1', { address: '2001:db8::1', isTrusted: true }],
    ['fe80::1%eth0', { address: 'fe80::1', isTrusted: false }],
    ['', { address: 'unknown', isTrusted: false }],
    ['/run/socket', { address: 'unknown', isTrusted: false }],
  ])('%s', (address, peer) => {
    expect(identifyPeer(address, PROXIES)).toEqual({ ...peer, scheme: 'http' })
  })

  test('is never trusted when no proxies are', () => {
    expect(identifyPeer('10.0.0.1', []).isTrusted).toBe(false)
  })
})

describe('the client', () => {
  test.each([
    ['an untrusted peer cannot name another', '203.0.113.9', '1.2.3.4', '203.0.113.9'],
    ['a trusted peer names its client', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    [
      'what stands left of the client is its own invention',
      '10.0.0.1',
      '1.2.3.4, 203.0.113.9',
      '203.0.113.9',
    ],
    ['a chain of trusted proxies', '10.0.0.1', '203.0.113.9, 192.0.2.1,10.9.9.9', '203.0.113.9'],
    [
      'a spoofed trusted address left of the client',
      '10.0.0.1',
      '10.0.0.7, 203.0.113.9, 10.0.0.2',
      '203.0.113.9',
    ],
    ['only proxies: the first of them', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['no header: the peer', '10.0.0.1', undefined, '10.0.0.1'],
    ['an empty header: the peer', '10.0.0.1', '', '10.0.0.1'],
    ['IPv4-mapped hops', '::ffff:10.0.0.1', '203.0.113.9, ::ffff:10.0.0.2', '203.0.113.9'],
    ['an IPv4 port', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['an IPv6 port', '10.0.0.1', '[2001:db9::7]:4711', '2001:db9::7'],
    ['garbage right of the client ends the chain', '10.0.0.1', '203.0.113.9, unknown, 10.0.0.2', '10.0.0.2'],
    ['garbage alone', '10.0.0.1', '<script>', '10.0.0.1'],
    ['an address in octal is garbage', '10.0.0.1', '0177.0.0.1', '10.0.0.1'],
    ['an address as one number is garbage', '10.0.0.1', '2130706433', '10.0.0.1'],
  ])('%s', (_name, peer, forwardedFor, address) => {
    expect(clientOf(peer, forwardedFor).address).toBe(address)
  })

  test.each([
    ['10.0.0.1', 'https', 'https'],
    ['10.0.0.1', ' HTTPS ', 'https'],
    ['10.0.0.1', 'gopher', 'http'],
    ['10.0.0.1', undefined, 'http'],
    ['203.0.113.9', 'https', 'http'],
  ])('behind %s, which says %s, speaks %s', (peer, proto, scheme) => {
    expect(clientOf(peer, undefined, proto).scheme).toBe(scheme)
  })
})

const hop = fc.oneof(
  fc.string(),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('10.0.0.1', '::ffff:10.0.0.1', '[::1]:80', ''),
)
const chain = fc.array(hop).map((hops) => hops.join(','))

test('nothing that is sent makes it throw', () => {
  fc.assert(
    fc.property(hop, chain, fc.string(), (peer, forwardedFor, proto) => {
      expect(clientOf(peer, forwardedFor, proto).address).not.toBe('')
    }),
  )
})

test('an untrusted peer is always itself', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()),
      chain,
      fc.string(),
      (address, forwardedFor, proto) => {
        const peer = identifyPeer(address, PROXIES)
        fc.pre(!peer.isTrusted)
        expect(clientOf(address, forwardedFor, proto)).toEqual({ address: peer.address, scheme: 'http' })
      },
    ),
  )
})

test('what a client writes to the left of its own address changes nothing', () => {
  fc.assert(
    fc.property(chain, (forged) => {
      expect(clientOf('10.0.0.1', `${forged}, 203.0.113.9, 10.0.0.2`).address).toBe('203.0.113.9')
    }),
  )
})

test.each([
  ['203.0.113.9', 'https', 'https'],
  ['203.0.113.9', 'http', 'http'],
  ['203.0.113.9, 10.0.0.7', 'https, http', 'https'],
  ['6.6.6.6, 203.0.113.9', 'https, http', 'http'],
  ['203.0.113.9, 10.0.0.7', 'https', 'https'],
  [undefined, 'https', 'https'],
  [undefined, undefined, 'http'],
])('behind proxies, for %s and %s the scheme is %s', (forwardedFor, forwardedProto, scheme) => {
  expect(clientOf('10.0.0.1', forwardedFor, forwardedProto).scheme).toBe(scheme)
})
