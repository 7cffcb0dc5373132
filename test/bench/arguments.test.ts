import { expect, test } from 'vitest'
import { parseArguments } from './arguments.ts'

test('a bench runs five rounds of five seconds unless told otherwise', () => {
  const unset = { rows: undefined, peers: undefined, connections: undefined }
  const sizes = { services: undefined, endpoints: undefined }
  const defaults = { bench: 'proxy', json: false, seconds: 5, rounds: 5, ...sizes, ...unset }
  expect(parseArguments(['proxy'], ['proxy'])).toEqual({ ok: true, value: defaults })
  const told = parseArguments(
    ['proxy', '--json', '--seconds', '2', '--rounds', '3', '--services', '12000', '--endpoints', '2'],
    ['proxy'],
  )
  expect(told).toEqual({
    ok: true,
    value: { bench: 'proxy', json: true, seconds: 2, rounds: 3, services: 12_000, endpoints: 2, ...unset },
  })
})

test('rows, peers and connections are lists', () => {
  const args = ['proxy', '--rows', 'get,post', '--peers', 'nginx', '--connections', '1,64,512']
  expect(parseArguments(args, ['proxy'])).toEqual({
    ok: true,
    value: expect.objectContaining({ rows: ['get', 'post'], peers: ['nginx'], connections: [1, 64, 512] }),
  })
})

test.each([
  [[], /^Name a bench\n/],
  [['proxi'], /^Unknown bench: "proxi"\n/],
  [['proxy', 'more'], /^Unexpected argument: "more"\n/],
  [['proxy', '--fast'], /--fast/],
  [['proxy', '--services', '100001'], /^Cannot parse --services, .*100000: "100001"\n/],
  [['proxy', '--endpoints', '101'], /^Cannot parse --endpoints, .*100: "101"\n/],
  [['proxy', '--connections', '1,x'], /^Cannot parse --connections, .*"x"\n/],
  [['proxy', '--rounds', '0'], /^Cannot parse --rounds, .*"0"\n/],
])('%j is refused with the usage', (args, problem) => {
  const parsed = parseArguments(args, ['proxy'])
  expect(parsed).toEqual({ ok: false, problem: expect.stringMatching(problem) })
  expect(parsed).toEqual({ ok: false, problem: expect.stringContaining('Usage: npm run bench -- <proxy>') })
})
