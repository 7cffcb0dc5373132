import { expect, test } from 'vitest'
import { parseCommandLine } from '../../src/cli/command-line.ts'

const parse = (args: readonly string[], env = {}) => parseCommandLine(args, env, 'test')
const gateway = ['gateway', '--redis', 'redis://redis']
const agent = ['agent', '--redis', 'redis://redis']

test.each([
  [
    agent,
    /^--signing-key \(or POSTERN_SIGNING_KEY\) is missing: `postern keys make` makes a pair .* --unsigned does without/,
  ],
  [gateway, /^--trusted-keys \(or POSTERN_TRUSTED_KEYS\) is missing: .* --unsigned does without/],
  [['explain', 'http://a.test/', '--redis', 'redis://redis'], /^--trusted-keys .* is missing/],
])('without keys, and without --unsigned, nothing starts: %j', (args, why) => {
  expect(parse(args)).toEqual({ type: 'faults', faults: [expect.stringMatching(why)] })
})

test('--unsigned does without, as a flag or a variable', () => {
  for (const [args, env] of [
    [['--unsigned'], {}],
    [['--unsigned', 'true'], {}],
    [[], { POSTERN_UNSIGNED: 'true' }],
  ] as const) {
    expect(parse([...gateway, ...args], env)).toMatchObject({ config: { trust: { type: 'unsigned' } } })
    expect(parse([...agent, ...args], env)).toMatchObject({ config: { signing: { type: 'unsigned' } } })
  }
  expect(parse([...gateway, '--unsigned', 'false'])).toMatchObject({ type: 'faults' })
})

test('keys and --unsigned say different things', () => {
  expect(parse([...gateway, '--unsigned', '--trusted-keys', 'a'])).toEqual({
    type: 'faults',
    faults: ['--trusted-keys and --unsigned say different things'],
  })
  expect(parse([...agent, '--unsigned', '--signing-key', 'a'])).toMatchObject({ type: 'faults' })
})

test('keys are of every cluster, or of one', () => {
  const several = [
    ...gateway,
    '--cluster',
    'own',
    '--clusters',
    'own=1,west=0',
    '--cluster-cidrs',
    'west=10.0.0.0/8',
  ]
  const own = { cluster: undefined, path: '/keys/a=b.jwks' }
  expect(parse([...several, '--trusted-keys', own.path, '--trusted-keys', 'west=west.jwks'])).toMatchObject({
    config: { trust: { type: 'keys', files: [own, { cluster: 'west', path: 'west.jwks' }] } },
  })
  expect(parse([...several, '--trusted-keys', 'own=a'])).toMatchObject({
    faults: ['--trusted-keys has no key of cluster "west": who signs its records?'],
  })
  expect(parse([...several, '--trusted-keys', 'a,east=b'])).toMatchObject({
    faults: ['--trusted-keys has a key of "east", which is not a cluster that is read'],
  })
  expect(parse([...several, '--trusted-keys', 'west='])).toMatchObject({
    faults: [expect.stringContaining('"west=" names no file')],
  })
})

test('a relay needs no keys, and what is explained on files neither', () => {
  expect(parse(['relay', '--redis', 'redis://a', '--listen', '127.0.0.1:1'])).toMatchObject({ type: 'run' })
  expect(parse(['explain', 'http://a.test/', '--manifests', 'k8s'])).toMatchObject({ type: 'run' })
})

test.each([
  [['keys'], 'make or print is missing: what shall be done with keys?'],
  [['keys', 'destroy'], '"destroy" is neither make nor print: what shall be done with keys?'],
  [['keys', 'print'], '--keys is missing: which Secrets shall be printed?'],
  [['keys', 'make', '--rotate', 'a', '--retire', 'b'], '--rotate and --retire say different things'],
  [['keys', 'make', '--keys', 'a'], '--keys is for keys print, not for keys make'],
  [['keys', 'print', '--keys', 'a', '--rotate', 'b'], '--rotate is for keys make, not for keys print'],
])('%j is refused', (args, fault) => {
  expect(parse(args)).toEqual({ type: 'faults', faults: [fault] })
})
