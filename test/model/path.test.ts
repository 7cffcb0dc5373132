import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalisePath } from '../../src/model/path.ts'
import { isAmbiguous, readingsOf } from '../../src/model/path-readings.ts'

test.each([
  ['/', '/'],
  ['/a/./b/', '/a/b/'],
  ['/a//b', '/a/b'],
  ['//a', '/a'],
  ['/a//', '/a/'],
  ['/a//../b', '/a/b'],
  ['/%61dmin', '/admin'],
  ['/%41%7E%2d%5F', '/A~-_'],
  ['/a%2fb', '/a%2Fb'],
  ['/a%252fb', '/a%252fb'],
  ['/a\\..\\b', '/b'],
  ['/a%5c..%5cb', '/a%5C..%5Cb'],
  ['/caf%c3%a9', '/caf%C3%A9'],
  ['/caf%e9', '/caf%E9'],
  ['/a"<>^`{|}[b]', '/a%22%3C%3E%5E%60%7B%7C%7D%5Bb%5D'],
  ['/a;b=1/c', '/a;b=1/c'],
  ['/a+b%2Bc', '/a+b%2Bc'],
  ['/.%2e/a', undefined],
  ['/%2e%2E/a', undefined],
  ['/100%', undefined],
  ['/%zz', undefined],
  ['/%u002e', undefined],
  ['/a%00', undefined],
  ['/a%0d%0aSet-Cookie:b', undefined],
  ['/a%7f', undefined],
  ['/%c0%ae%c0%ae/a', undefined],
  ['/a%C0%AFb', undefined],
  ['/%e0%80%ae', undefined],
  ['/%f0%80%80%ae', undefined],
  ['/é', undefined],
  ['/a\u0000', undefined],
  ['/a b', '/a%20b'],
])('%s is %s', (path, expected) => {
  expect(normalisePath(path)).toBe(expected)
})

test.each([
  ['/a%2Fb', '/a/b'],
  ['/public%2F..%2Fadmin', '/admin'],
  ['/public/..%2Fadmin', '/admin'],
  ['/public/..;/admin', '/admin'],
  ['/public;x=1/a', '/public/a'],
  ['/public/..;x%2Fadmin', '/admin'],
  ['/public/%252e%252e/admin', '/admin'],
  ['/public%252F..%252Fadmin', '/admin'],
  ['/public%5C..%5Cadmin', '/admin'],
  ['/x%2F%2F..%2Fadmin', '/admin'],
  ['/admin%3Fx', '/admin'],
  ['/admin%23x', '/admin'],
  ['/a%21', '/a!'],
  ['/%2561dmin', '/admin'],
])('a server may read %s as %s', (path, reading) => {
  expect(isAmbiguous(path)).toBe(true)
  expect(readingsOf(path)).toContain(reading)
  expect(readingsOf(path)).toContain(path)
})

test('what is escaped because it has to be is read in one way', () => {
  expect(isAmbiguous('/caf%C3%A9')).toBe(false)
  expect([...(readingsOf('/a%20b%22') ?? [])]).toEqual(['/a%20b%22'])
})

test('a path that can be read in too many ways is none', () => {
  expect(readingsOf('/%252525252e')).toBeUndefined()
  expect(readingsOf(`/${'a;b/'.repeat(2000)}`)).toBeUndefined()
})

const piece = fc.oneof(
  fc.constantFrom(
    ...['.', '..', '%2e', '%2E', '/', '//', 'a', 'admin', '%61', ';x', '..;', '\\', '%', '%25'],
  ),
  fc.constantFrom('%2f', '%5C', '%252e', '%252f', '%3f', '%3b', '%C3%A9', '%c0%ae', '%00', '|', '"', '+'),
  fc.string(),
)
const path = fc.array(piece).map((pieces) => `/${pieces.join('').replace(/[?#]/g, '')}`)
const many = { numRuns: 2000 }

test('a normal form is normal, and a URL parser leaves it as it is', () => {
  fc.assert(
    fc.property(path, (text) => {
      const normal = normalisePath(text)
      if (normal === undefined) return
      expect(normalisePath(normal)).toBe(normal)
      expect(new URL(`http://a${normal}`).pathname).toBe(normal)
      expect(normal).toMatch(/^\/[!"$-;=@A-Z_a-z~]*$/)
    }),
    many,
  )
})

test('a URL parser before us changes nothing, unless the path climbs above the root', () => {
  fc.assert(
    fc.property(path, (text) => {
      const normal = normalisePath(text)
      if (normal === undefined) return
      expect(normalisePath(new URL(`http://a${text}?`).pathname)).toBe(normal)
    }),
    many,
  )
})
