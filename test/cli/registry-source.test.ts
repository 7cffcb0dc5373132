import { describe, expect, test } from 'vitest'
import { parseCommandLine } from '../../src/cli/command-line.ts'
import type { Env } from '../../src/cli/inputs.ts'
import { keyVariables } from '../support/keys.ts'

const parse = (argv: readonly string[], env: Env = {}) =>
  parseCommandLine(argv, { ...keyVariables, ...env }, '1.2.3')

function faults(argv: readonly string[], env: Env = {}): readonly string[] {
  const line = parse(argv, env)
  return line.type === 'faults' ? line.faults : []
}

const TOKEN = 'a-token-of-24-characters'
const given = { type: 'given', tokens: [TOKEN] }

describe.each(['gateway', 'relay'])('%s reads one registry', (command) => {
  test.each([
    [['--redis', 'redis://redis:6379'], { type: 'redis', url: 'redis://redis:6379' }],
    [['--relay-url', 'http://relay:8090'], { type: 'relay', url: 'http://relay:8090' }],
    [
      ['--relay-url', 'https://relay', '--relay-token', TOKEN],
      { type: 'relay', url: 'https://relay', token: given },
    ],
    [
      ['--redis-rest', 'https://rest', '--redis-rest-token', '@/run/token'],
      { type: 'redis-rest', url: 'https://rest', token: { type: 'file', path: '/run/token' } },
    ],
  ])('%j', (argv, registry) => {
    expect(parse([command, ...argv])).toMatchObject({ type: 'run', config: { command, registry } })
  })

  test.each([
    [[], 'One of --redis, --relay-url, --redis-rest is missing'],
    [['--redis', 'redis://a', '--relay-url', 'http://b'], 'Only one of --redis, --relay-url, --redis-rest'],
    [['--relay-url', 'redis://a'], 'Cannot read --relay-url: "redis://a" is wrong'],
    [['--redis', 'redis://a', '--relay-token', TOKEN], '--relay-token is given without --relay-url'],
    [
      ['--redis', 'redis://a', '--redis-rest-token', TOKEN],
      '--redis-rest-token is given without --redis-rest',
    ],
  ])('%j is one fault', (argv, fault) => {
    expect(faults([command, ...argv])).toEqual([expect.stringContaining(fault)])
  })
})

describe('a relay that others can reach needs a token', () => {
  const relay = ['relay', '--redis', 'redis://a', '--listen']
  const agent = ['agent', '--redis', 'redis://a', '--serve-relay']
  test.each([
    [[...relay, '0.0.0.0:8090'], '--listen 0.0.0.0:8090'],
    [[...relay, '[::]:8090'], '--listen :::8090'],
    [[...relay, 'relay.example:8090'], '--listen relay.example:8090'],
    [[...agent, ':8090'], '--serve-relay 0.0.0.0:8090'],
  ])('%j', (argv, where) => {
    const fault = `--token (or POSTERN_TOKEN) is missing: ${where} is no loopback address`
    expect(faults(argv)).toEqual([fault])
    expect(parse(argv, { POSTERN_TOKEN: TOKEN })).toMatchObject({ config: { tokens: given } })
  })

  test.each(['127.0.0.1:0', '[::1]:0', 'localhost:0', '[::ffff:127.0.0.1]:0'])('%s does not', (address) => {
    expect(faults([...relay, address])).toEqual([])
  })

  test('which is said together with all else that is wrong', () => {
    expect(faults(['relay', '--listen', ':80', '--relay-token', 'short'])).toHaveLength(3)
  })

  test('several tokens open it while one is changed', () => {
    const line = parse([...relay, ':0', '--token', `${TOKEN},${TOKEN}-new`])
    expect(line).toMatchObject({ config: { tokens: { tokens: [TOKEN, `${TOKEN}-new`] } } })
  })

  test.each(['short', `${TOKEN} and "more"`, `${TOKEN}\r\nx: y`, '@', ','])(
    'the token %j is refused, and never repeated',
    (token) => {
      const found = [
        ...faults([...relay, ':0', '--token', token]),
        ...faults([...relay, ':0'], { POSTERN_TOKEN: token }),
      ]
      expect(found).toHaveLength(2)
      for (const fault of found) {
        expect(fault).toMatch(/^Cannot read (--token|POSTERN_TOKEN): it is wrong: /)
        expect(fault).not.toContain(TOKEN)
      }
    },
  )
})
