import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hostOfAuthority, normaliseHost, normaliseHostPattern, patternsOf } from '../../src/model/host.ts'

test.each([
  ['Example.COM', 'example.com'],
  ['example.com.', 'example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['a_b.example', 'a_b.example'],
  ['localhost', 'localhost'],
  ['BÜCHER.Example.', 'xn--bcher-kva.example'],
  ['XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
  // UTS #46, non-transitional: ß is a letter of its own.
  ['straße.example', 'xn--strae-oqa.example'],
  ['例え。テスト', 'xn--r8jz45g.xn--zckzah'],
  ['ｗｅｂ.example', 'web.example'],
  ['cafe\u0301.example', 'xn--caf-dma.example'],
  // Cyrillic а: a name of its own, that only looks like the Latin one.
  ['p\u0430ypal.example', 'xn--pypal-4ve.example'],
  [`${'a'.repeat(63)}.b`, `${'a'.repeat(63)}.b`],
  [`${'a.'.repeat(126)}b.`, `${'a.'.repeat(126)}b`],
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
  'a\u00adb\u0000.example',
  '\u200d.example',
  '１９２.0.2.1',
  `${'ü'.repeat(60)}.b`,
  `${'a'.repeat(64)}.b`,
  `${'a.'.repeat(127)}com`,
])('"%s" is no host', (text) => {
  expect(normaliseHost(text)).toBeUndefined()
})

test('a wildcard stands only in front', () => {
  expect(normaliseHostPattern('*.Example.com')).toBe('*.example.com')
  for (const text of ['*', '*.', 'a.*.b', '*a.b', '*.*.b', '*.192.0.2.1', '*.0.0.1', '*.1']) {
    expect(normaliseHostPattern(text)).toBeUndefined()
  }
})

test.each([
  ['a.b.example', ['a.b.example', '*.b.example', '*.example']],
  ['127.0.0.1', ['127.0.0.1']],
  ['[::ffff:127.0.0.1]', ['[::ffff:127.0.0.1]']],
])('%s is matched by %s', (host, patterns) => {
  expect(patternsOf(host)).toEqual(patterns)
})

test.each([
  ['example.com:8080', 'example.com'],
  ['EXAMPLE.com:', 'example.com'],
  ['192.0.2.1:80', '192.0.2.1'],
  ['[2001:DB8::1]:80', '[2001:db8::1]'],
  ['[::1]', '[::1]'],
  ['[::FFFF:192.0.2.1]:443', '[::ffff:192.0.2.1]'],
  ['Example.com.:8080', 'example.com'],
  ['a_b.example:1', 'a_b.example'],
  ['XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
])('the authority %s names %s', (authority, host) => {
  expect(hostOfAuthority(authority)).toBe(host)
})

test.each([
  '',
  ':80',
  'a:b',
  'a:80:80',
  'a:123456',
  '[::1',
  '[::1]x',
  'u@a',
  'a b',
  'bücher.example',
  'b%C3%BCcher.example',
  'a。example',
  '[]',
  '[fe80::1%25eth0]',
  '[name]',
  '[::1',
  '[::1]:x',
  '::1',
  'a:-1',
  'a:8 0',
])('"%s" is no authority', (authority) => {
  expect(hostOfAuthority(authority)).toBeUndefined()
})

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
