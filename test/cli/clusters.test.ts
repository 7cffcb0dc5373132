import { expect, test } from 'vitest'
import { parseCommandLine } from '../../src/cli/command-line.ts'
import { parseCidr } from '../../src/model/address.ts'
import { keyVariables } from '../support/keys.ts'

const redis = ['gateway', '--redis', 'redis://redis:6379', '--cluster', 'own']
const parse = (...argv: readonly string[]) => parseCommandLine(argv, keyVariables, '1.2.3')

function faults(...argv: readonly string[]): readonly string[] {
  const line = parse(...argv)
  return line.type === 'faults' ? line.faults : []
}

test('a gateway serves its own cluster, without a word', () => {
  expect(parse(...redis)).toMatchObject({ config: { clusters: [{ name: 'own', weight: 1 }] } })
})

test('others are served where their endpoints lie, in the order given', () => {
  const cidrs = 'west=10.1.0.0/16, west=fd00:1::/48,east=10.2.0.0/16'
  expect(parse(...redis, '--clusters', 'own=3,west=1,east=0', '--cluster-cidrs', cidrs)).toMatchObject({
    type: 'run',
    config: {
      clusters: [
        { name: 'own', weight: 3, within: undefined },
        { name: 'west', weight: 1, within: [parseCidr('10.1.0.0/16'), parseCidr('fd00:1::/48')] },
        { name: 'east', weight: 0, within: [parseCidr('10.2.0.0/16')] },
      ],
    },
  })
})

test('an explanation takes them as a gateway does', () => {
  const [, ...registry] = redis
  const argv = [
    'explain',
    'x',
    ...registry,
    '--clusters',
    'own=1,west=0',
    '--cluster-cidrs',
    'west=10.1.0.0/16',
  ]
  expect(parse(...argv)).toMatchObject({ config: { clusters: [{ name: 'own' }, { name: 'west' }] } })
})

test.each([
  [['--clusters', 'own'], 'Cannot read --clusters: "own" is wrong: "own" is not NAME=WEIGHT'],
  [['--clusters', 'own=x'], '"x" is not a whole number from 0 to 1000000'],
  [['--clusters', 'own=1000001'], '"1000001" is not a whole number from 0 to 1000000'],
  [['--clusters', 'own=1,own=2'], '"own" is there twice'],
  [['--clusters', 'own=1,We st=2'], '"We st=2" is not NAME=WEIGHT'],
  [
    ['--clusters', 'west=1', '--cluster-cidrs', 'west=10.1.0.0/16'],
    '--clusters begins with "west", not with --cluster, which is "own"',
  ],
  [['--clusters', 'own=1,west=0'], '--cluster-cidrs has no block of cluster "west"'],
  [
    ['--clusters', 'own=1,west=0', '--cluster-cidrs', 'west=10.1'],
    'Cannot read --cluster-cidrs: "west=10.1" is wrong: "10.1" is no CIDR',
  ],
  [
    ['--cluster-cidrs', 'west=10.1.0.0/16'],
    '--cluster-cidrs has a block of "west", which is not a cluster that is served',
  ],
])('%j is one fault', (argv, fault) => {
  expect(faults(...redis, ...argv)).toEqual([expect.stringContaining(fault)])
})

test('what a variable says wrongly is one fault as well', () => {
  const env = { POSTERN_CLUSTERS: 'own=1,west=much', POSTERN_CLUSTER_CIDRS: 'west=10.1.0.0/16' }
  expect(parseCommandLine(redis, { ...keyVariables, ...env }, '1.2.3')).toEqual({
    type: 'faults',
    faults: [expect.stringContaining('Cannot read POSTERN_CLUSTERS: "own=1,west=much" is wrong')],
  })
})

test('a relay serves one cluster, and says so', () => {
  const several = ['--cluster', 'own', '--clusters', 'own=1,west=0', '--cluster-cidrs', 'west=10.1.0.0/16']
  expect(faults('gateway', '--relay-url', 'http://relay:8090', ...several)).toEqual([
    '--clusters names 2 clusters, and a relay serves one: give --redis or --redis-rest, not --relay-url',
  ])
  expect(parse('gateway', '--redis-rest', 'https://rest', ...several)).toMatchObject({ type: 'run' })
  expect(parse('gateway', '--relay-url', 'http://relay:8090')).toMatchObject({ type: 'run' })
})
