import { expect, test } from 'vitest'
import { parseArguments } from './arguments.ts'

test('a bench runs five rounds of five seconds unless told otherwise', () => {
  const defaults = { bench: 'proxy', json: false, seconds: 5, rounds: 5 }
  expect(parseArguments(['proxy'], ['proxy'])).toEqual({ ok: true, value: defaults })
  const told = parseArguments(['proxy', '--json', '--seconds', '2', '--rounds', '3'], ['proxy'])
  expect(told).toEqual({ ok: true, value: { bench: 'proxy', json: true, seconds: 2, rounds: 3 } })
})

test.each([
  [[], /^Name a bench\n/],
  [['proxi'], /^Unknown bench: "proxi"\n/],
  [['proxy', 'more'], /^Unexpected argument: "more"\n/],
  [['proxy', '--fast'], /--fast/],
  [['proxy', '--rounds', '0'], /^Cannot parse --rounds, .*"0"\n/],
])('%j is refused with the usage', (args, problem) => {
  const parsed = parseArguments(args, ['proxy'])
  expect(parsed).toEqual({ ok: false, problem: expect.stringMatching(problem) })
  expect(parsed).toEqual({ ok: false, problem: expect.stringContaining('Usage: npm run bench -- <proxy>') })
})
