import { expect, test } from 'vitest'
import { HostIndex } from '../../src/route/host-index.ts'

function indexOf(...hosts: string[]): HostIndex {
  const index = new HostIndex()
  for (const host of hosts) index.set(host, { host, rules: [] })
  return index
}

test.each([
  ['an exact host goes before a wildcard', 'a.example.com', 'a.example.com'],
  ['the longest wildcard wins', 'x.b.example.com', '*.b.example.com'],
  ['a wildcard stands for several labels', 'x.y.z.example.com', '*.example.com'],
  ['an exact host does not cover what is below it', 'x.a.example.com', '*.example.com'],
  ['a wildcard does not cover its own parent', 'example.com', undefined],
  ['a wildcard compares whole labels', 'notexample.com', undefined],
  ['another domain', 'example.org', undefined],
  ['nothing at all', '', undefined],
  ['an empty first label', '.example.com', undefined],
])('%s: %s', (_name, host, expected) => {
  const index = indexOf('a.example.com', '*.example.com', '*.b.example.com')
  expect(index.match(host)?.host).toBe(expected)
})

test('a host that is taken away is no longer matched, and its wildcard is', () => {
  const index = indexOf('a.example.com', '*.example.com')
  index.set('a.example.com', null)
  expect(index.match('a.example.com')?.host).toBe('*.example.com')
  index.set('*.example.com', null)
  expect(index.match('a.example.com')).toBeUndefined()
  expect([...index.all()]).toEqual([])
})

test.each([
  ['127.0.0.1', ['*.0.0.1', '*.0.1', '*.1']],
  ['[::ffff:127.0.0.1]', ['*.0.0.1]', '*.1]']],
])('a wildcard never stands for an address: %s', (address, wildcards) => {
  expect(indexOf(...wildcards).match(address)).toBeUndefined()
  // What is below a number but is no address is a name like any other.
  expect(indexOf('*.0.1').match('a.0.1')?.host).toBe('*.0.1')
})

test('names of object members are hosts like any other', () => {
  expect(indexOf('a.test').match('__proto__')).toBeUndefined()
  expect(indexOf('constructor').match('constructor')?.host).toBe('constructor')
})
