import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hostOfAuthority, normaliseHost, normaliseHostPattern } from '../../src/model/host.ts'

test.each([
  ['Example.COM', 'example.com'],
  ['example.com.', 'example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['a_b.example', 'a_b.example'],
  ['localhost', 'localhost'],
])('%s is the host %s', (text, host) => {
  expect(normaliseHost(text)).toBe(host)
})

test.each([
  '',
  '.',
  'a..b',
  '-a.b',
  'a-.b',
  '192.0.2.1',
  '[::1]',
  'a b',
  'a:80',
  'a/b',
  '*.a',
  'ü/x',
  'ü:80',
  'é@b',
  `${'a'.repeat(64)}.b`,
  `${'a.'.repeat(127)}com`,
])('"%s" is no host', (text) => {
  expect(normaliseHost(text)).toBeUndefined()
})

test('a wildcard stands only in front', () => {
  expect(normaliseHostPattern('*.Example.com')).toBe('*.example.com')
  for (const text of ['*', '*.', 'a.*.b', '*a.b', '*.*.b', '*.192.0.2.1']) {
    expect(normaliseHostPattern(text)).toBeUndefined()
  }
})

test.each([
  ['example.com:8080', 'example.com'],
  ['EXAMPLE.com:', 'example.com'],
  ['192.0.2.1:80', '192.0.2.1'],
  ['[2001:DB8::1]:80', '[2001:db8::1]'],
  ['[::1]', '[::1]'],
])('the authority %s names %s', (authority, host) => {
  expect(hostOfAuthority(authority)).toBe(host)
})

test.each(['', ':80', 'a:b', 'a:80:80', 'a:123456', '[::1', '[::1]x', 'u@a', 'a b'])(
  '"%s" is no authority',
  (authority) => {
    expect(hostOfAuthority(authority)).toBeUndefined()
  },
)

test('no text makes it throw, and a normal form is its own', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.domain(),
    fc.webAuthority({ withPort: true, withIPv6: true }),
  )
  fc.assert(
    fc.property(text, (some) => {
      hostOfAuthority(some)
      const host = normaliseHostPattern(some)
      if (host !== undefined) expect(normaliseHostPattern(host)).toBe(host)
    }),
    { numRuns: 2000 },
  )
})
