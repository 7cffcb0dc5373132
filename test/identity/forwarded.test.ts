import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCidrs } from '../../src/cli/address-values.ts'
import { readForwarded } from '../../src/identity/forwarded.ts'
import { identifyClient, identifyPeer, type ProxyTrust } from '../../src/identity/identify.ts'
import type { Cidr } from '../../src/model/address.ts'

function cidrs(text: string): readonly Cidr[] {
  const parsed = parseCidrs(text)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

const trust: ProxyTrust = { trustedProxies: cidrs('10.0.0.0/8'), forwardedHeader: 'forwarded' }

function clientOf(forwarded: string, more: Partial<ProxyTrust> = {}, peer = '10.0.0.1') {
  const fields = new Map([
    ['forwarded', forwarded],
    ['x-forwarded-for', '6.6.6.6'],
    ['x-forwarded-proto', 'https'],
  ])
  const all = { ...trust, ...more }
  return identifyClient(identifyPeer(peer, all.trustedProxies), { field: (name) => fields.get(name) }, all)
}

describe('Forwarded', () => {
  test.each([
    ['for=203.0.113.9', '203.0.113.9', 'http'],
    ['For=203.0.113.9;PROTO=HTTPS;by=10.0.0.1;host=example.com', '203.0.113.9', 'https'],
    ['for="203.0.113.9:4711"; proto=https', '203.0.113.9', 'https'],
    ['for=203.0.113.9:4711', '203.0.113.9', 'http'],
    ['for="[2001:db8::7]"', '2001:db8::7', 'http'],
    ['for="[2001:db8::7]:4711"', '2001:db8::7', 'http'],
    ['for="[::ffff:203.0.113.9]"', '203.0.113.9', 'http'],
    ['for="203.0.113.\\9"', '203.0.113.9', 'http'],
    ['for=6.6.6.6, for=203.0.113.9', '203.0.113.9', 'http'],
    ['for=203.0.113.9;proto=https, for=10.0.0.2;proto=http', '203.0.113.9', 'https'],
    ['for=6.6.6.6;proto=https, for=203.0.113.9;proto=http,, for=10.0.0.2;proto=http ', '203.0.113.9', 'http'],
    // Named, and not told.
    ['for=6.6.6.6, for=unknown', '10.0.0.1', 'http'],
    ['for=6.6.6.6, for="_hidden", for=10.0.0.2', '10.0.0.2', 'http'],
    ['for=6.6.6.6, proto=https', '10.0.0.1', 'https'],
    ['', '10.0.0.1', 'http'],
  ])('%s', (forwarded, address, scheme) => {
    expect(clientOf(forwarded)).toMatchObject({ address, scheme })
  })

  test.each([
    ['a quote that swallows what the proxy wrote', 'for="6.6.6.6, for=203.0.113.9'],
    ["a quote that ends in the proxy's own", 'for="x, for="[2001:db8::7]"'],
    ['one that is escaped', 'for="x\\", for=203.0.113.9'],
    ['two clients in one element', 'for=10.0.0.2;for=203.0.113.9'],
    ['a pair without a value', 'for, for=203.0.113.9'],
    ['a space around =', 'for =203.0.113.9'],
    ['a pair that does not come', 'for=203.0.113.9;'],
  ])('of %s nobody is believed, and nobody is the proxy', (_name, forwarded) => {
    expect(clientOf(forwarded)).toEqual({ address: 'unknown', scheme: 'http', isByForwarded: true })
  })

  test('is read of trusted proxies only', () => {
    expect(clientOf('for=10.0.0.9', {}, '203.0.113.9')).toEqual({ address: '203.0.113.9', scheme: 'http' })
  })

  test('is not read where proxies write X-Forwarded-For, nor that one where they write Forwarded', () => {
    expect(clientOf('for=203.0.113.9').address).toBe('203.0.113.9')
    expect(clientOf('for=203.0.113.9', { forwardedHeader: 'x-forwarded-for' }).address).toBe('6.6.6.6')
  })

  test('whatever a client wrote, it is itself or nobody', () => {
    const piece = fc.constantFrom(
      'for',
      '=',
      '"',
      '\\',
      ',',
      ';',
      ' ',
      'proto',
      'https',
      '10.0.0.9',
      '6.6.6.6',
      '[::1]',
    )
    const written = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''))
    const appended = fc.constantFrom(
      'for=203.0.113.9',
      'for="203.0.113.9";proto=http',
      'proto=http;for="203.0.113.9:80"',
    )
    fc.assert(
      fc.property(written, appended, (own, added) => {
        expect(['203.0.113.9', 'unknown']).toContain(clientOf(`${own}, ${added}`).address)
      }),
      { numRuns: 5_000 },
    )
  })

  test('is read in the time of its length', () => {
    expect(readForwarded(`for="${'\\"'.repeat(16_000)}`)).toBeUndefined()
    expect(readForwarded(', '.repeat(16_000))).toEqual([])
  })
})

describe('hops', () => {
  const everyone = { trustedProxies: cidrs('0.0.0.0/0,::/0') }
  const chain = 'for=6.6.6.6, for=203.0.113.9, for=10.0.0.2'

  test.each([
    [1, '10.0.0.2'],
    [2, '203.0.113.9'],
    [3, '6.6.6.6'],
    [9, '6.6.6.6'],
    [0, '6.6.6.6'],
  ])('%i are believed where everybody is trusted', (trustedHops, address) => {
    expect(clientOf(chain, { ...everyone, trustedHops }).address).toBe(address)
    const header = 'x-forwarded-for'
    const fields = (name: string) => (name === header ? '6.6.6.6, 203.0.113.9, 10.0.0.2' : undefined)
    const all = { ...everyone, trustedHops }
    expect(identifyClient(identifyPeer('10.0.0.1', all.trustedProxies), { field: fields }, all).address).toBe(
      address,
    )
  })

  test('do not make a stranger trusted', () => {
    expect(clientOf(chain, { trustedHops: 3 }).address).toBe('203.0.113.9')
  })
})
