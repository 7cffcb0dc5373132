import { expect, test } from 'vitest'
import { compare, isWrong, renderCompared } from './http/compare.ts'
import type { Outcomes } from './http/outcome.ts'

const of = (outcomes: Record<string, string | undefined>): Outcomes => new Map(Object.entries(outcomes))

test('what passes straight to the server should pass through, unless it is refused on purpose', () => {
  const all = compare(
    of({
      'g/a': undefined,
      'g/b': undefined,
      'g/c': 'no cache',
      'g/d': 'no',
      'h/e': undefined,
      'h/f': undefined,
    }),
    of({
      'g/a': undefined,
      'g/b': 'gone',
      'g/c': 'no cache',
      'g/d': undefined,
      'h/e': 'refused',
      'h/f': undefined,
    }),
    new Map([
      ['h/e', 'strict'],
      ['h/f', 'strict'],
    ]),
  )
  expect(all.filter(isWrong).map((one) => one.test)).toEqual(['g/b', 'h/f'])
  expect(renderCompared(all).split('\n').slice(-3)).toEqual([
    'WRONG: g/b: gone',
    'on purpose: h/e: refused (strict)',
    'WRONG: h/f: it passes (strict)',
  ])
})

test('what did not run on both sides is not compared', () => {
  const one = of({ a: undefined })
  expect(() => compare(one, of({}), new Map())).toThrow('Cannot compare a: it did not run twice')
  expect(() => compare(one, one, new Map([['b', 'x']]))).toThrow('Cannot compare b: it did not run twice')
})
