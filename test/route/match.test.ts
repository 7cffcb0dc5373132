import { expect, test } from 'vitest'
import type { Rule } from '../../src/model/records.ts'
import { matchesPath, matchRule } from '../../src/route/match.ts'

const rule = (type: 'exact' | 'prefix', value: string): Rule => ({
  path: { type, value },
  action: { type: 'forward', service: `shop/${type}${value}:80` },
  origin: { kind: 'Service', namespace: 'shop', name: 'web' },
})

test.each([
  ['exact', '/a', '/a', true],
  ['exact', '/a', '/a/', false],
  ['exact', '/a', '/A', false],
  ['exact', '/', '/a', false],
  ['prefix', '/', '/anything', true],
  ['prefix', '/a', '/a', true],
  ['prefix', '/a', '/a/', true],
  ['prefix', '/a', '/a/b', true],
  ['prefix', '/a', '/ab', false],
  ['prefix', '/a', '/', false],
  ['prefix', '/a', '//a', false],
] as const)('%s %s, asked for %s: %s', (type, value, path, isMatch) => {
  expect(matchesPath({ type, value }, path)).toBe(isMatch)
})

test('the first rule that fits is taken', () => {
  const rules = [rule('exact', '/a'), rule('prefix', '/a/b'), rule('prefix', '/a'), rule('prefix', '/')]
  const taken = (path: string) => matchRule(rules, path)?.path
  expect(taken('/a')).toEqual({ type: 'exact', value: '/a' })
  expect(taken('/a/b/c')).toEqual({ type: 'prefix', value: '/a/b' })
  expect(taken('/a/bc')).toEqual({ type: 'prefix', value: '/a' })
  expect(taken('/z')).toEqual({ type: 'prefix', value: '/' })
})

test('no rule fits', () => {
  expect(matchRule([rule('prefix', '/a')], '/b')).toBeUndefined()
  expect(matchRule([], '/')).toBeUndefined()
})
