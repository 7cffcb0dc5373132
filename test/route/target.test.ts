import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTarget } from '../../src/route/target.ts'

const path = (target: string, method = 'GET') => parseTarget(target, method)?.path

test.each([
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['/a/./b', '/a/b'],
  ['/a/../b', '/b'],
  ['/a/..', '/'],
  ['/a/.', '/a/'],
  ['/a/b/%2e%2E/c', '/a/c'],
  ['/a/.%2e/c', '/c'],
  ['/a//../b', '/a/b'],
  ['/..', undefined],
  ['/a/../../b', undefined],
  ['/%2e%2e/secret', undefined],
  ['/...', '/...'],
  ['/.hidden', '/.hidden'],
  ['/a..b', '/a..b'],
  ['//a', '/a'],
  ['/%61', '/a'],
  ['/a\\b', '/a/b'],
  ['/a%00', undefined],
  ['/a%2Fb', '/a%2Fb'],
  ['/a#b', undefined],
  ['', undefined],
  ['a', undefined],
  ['example.com:443', undefined],
  ['ftp://example.com/', undefined],
])('%s is the path %s', (target, expected) => {
  expect(path(target)).toBe(expected)
})

test('the query is kept as it came, dots and all', () => {
  expect(parseTarget('/a/../b?next=/../c?d', 'GET')).toEqual({
    path: '/b',
    query: '?next=/../c?d',
    authority: undefined,
  })
})

test.each([
  ['http://Example.com:81/a/../b?c', { path: '/b', query: '?c', authority: 'Example.com:81' }],
  ['HTTPS://example.com', { path: '/', query: '', authority: 'example.com' }],
  ['http://example.com?c', { path: '/', query: '?c', authority: 'example.com' }],
  ['http:///a', { path: '/a', query: '', authority: '' }],
])('absolute form: %s', (target, expected) => {
  expect(parseTarget(target, 'GET')).toEqual(expected)
})

test('an URL without path or query is an asterisk for OPTIONS, and a slash for others', () => {
  expect(parseTarget('http://a:81', 'OPTIONS')).toEqual({ path: '*', query: '', authority: 'a:81' })
  expect(path('http://a:81/', 'OPTIONS')).toBe('/')
  expect(path('http://a:81?b', 'OPTIONS')).toBe('/')
  expect(path('http://a:81')).toBe('/')
})

test('an asterisk is for OPTIONS alone', () => {
  expect(path('*', 'OPTIONS')).toBe('*')
  expect(path('*')).toBeUndefined()
})

const piece = fc.oneof(
  fc.constantFrom('.', '..', '%2e', '%2E', '/', '//', '?', '#', 'a', '%2f', '\\', ';'),
  fc.string(),
)
const target = fc
  .tuple(fc.constantFrom('/', 'http://h', 'https://h/', ''), fc.array(piece))
  .map(([a, b]) => a + b.join(''))

test('a path that is accepted has no dot segment, and reading it again changes nothing', () => {
  fc.assert(
    fc.property(target, (text) => {
      const parsed = parseTarget(text, 'GET')
      if (parsed === undefined) return
      expect(parsed.path.startsWith('/')).toBe(true)
      const plain = parsed.path.split('/').map((segment) => segment.replace(/%2e/gi, '.'))
      expect(plain.filter((segment) => segment === '.' || segment === '..')).toEqual([])
      expect(parseTarget(parsed.path + parsed.query, 'GET')).toEqual({ ...parsed, authority: undefined })
    }),
    { numRuns: 1000 },
  )
})
