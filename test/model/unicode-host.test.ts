import { domainToUnicode } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normaliseHostPattern } from '../../src/model/host.ts'
import { unicodeHost } from '../../src/model/unicode-host.ts'

test.each([
  ['xn--bcher-kva.example', 'bücher.example'],
  ['*.xn--bcher-kva.example', '*.bücher.example'],
  ['www.xn--r8jz45g.xn--zckzah', 'www.例え.テスト'],
  ['xn--fa-hia.example', 'faß.example'],
  ['web.shop.example', 'web.shop.example'],
])('%s is written %s', (host, unicode) => {
  expect(unicodeHost(host)).toBe(unicode)
})

test.each([
  ['no Punycode', 'xn--zzzzzz.example'],
  ['an empty A-label', 'xn--.example'],
  ['ASCII in disguise', 'xn--abc-.example'],
  ['what overflows', 'xn--99999999999.example'],
  ['a capital, which no hostname has', 'xn--bcher-2pa.example'],
  ['a control character', 'xn--ab-qa.example'],
  ['what turns text around', 'xn--ab-g4t.example'],
])('%s stays as it is', (_what, host) => {
  expect(unicodeHost(host)).toBe(host)
})

test('no two hosts are written alike, and nothing that a terminal obeys is written', () => {
  const label = fc.stringMatching(/^xn--[a-z0-9-]{0,20}$/)
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), (labels) => {
      const host = labels.join('.')
      const unicode = unicodeHost(host)
      expect(unicode).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029 /:@%]/u)
      if (unicode === host) return
      expect(normaliseHostPattern(unicode)).toBe(host)
      // Of another implementation.
      expect(unicode).toBe(domainToUnicode(host))
    }),
    { numRuns: 5000 },
  )
})

test('what people write comes back', () => {
  const letters = fc.stringMatching(/^[a-zà-öø-ÿа-я一-鿿]{1,12}$/u)
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 4 }), (labels) => {
      const host = normaliseHostPattern(labels.join('.'))
      if (host === undefined) return
      expect(unicodeHost(host)).toBe(domainToUnicode(host))
    }),
  )
})
