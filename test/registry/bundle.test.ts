import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { patternsOf } from '../../src/model/host.ts'
import { type Bundle, buildBundle, openBundle } from '../../src/registry/bundle.ts'
import { applyChange, HashTree } from '../../src/registry/hash-tree.ts'
import { unsignedHead } from '../../src/registry/head.ts'
import { ownerOf } from '../../src/registry/owner.ts'
import { RegistryError, type StoredRecord } from '../../src/registry/port.ts'
import { HostIndex } from '../../src/route/host-index.ts'
import { endpointsRecord, nodeRecord, policyRecord, routeRecord, serviceRecord } from '../support/records.ts'

const shop = [
  routeRecord('shop.example', 'shop/web:80', 'shop/api:80', ''),
  routeRecord('*.example', 'shop/web:80'),
  routeRecord('nodes.example', 'shop/nodes:80'),
  routeRecord('lost.example', 'shop/lost:80'),
  serviceRecord('shop/web:80'),
  serviceRecord('shop/web:443'),
  serviceRecord('shop/api:80'),
  serviceRecord('shop/nodes:80', 'node'),
  serviceRecord('other/web:80'),
  endpointsRecord('shop/web/web-a', ['192.0.2.1', '192.0.2.2'], ['p1', undefined]),
  endpointsRecord('shop/web/web-b', ['192.0.2.3'], ['p2']),
  endpointsRecord('shop/api/api-a', ['192.0.2.4'], ['missing']),
  endpointsRecord('other/web/web-a', ['192.0.2.5'], ['p3']),
  policyRecord('p1'),
  policyRecord('p2'),
  policyRecord('p3'),
  nodeRecord('n1'),
  nodeRecord('n2'),
]

function bundleOf(records: readonly StoredRecord[], host: string): Bundle {
  const tree = new HashTree()
  for (const record of records) applyChange(tree, record)
  const head = unsignedHead({
    schema: 1,
    cluster: 'c',
    position: { epoch: 1, revision: 2 },
    observedAt: 3,
    root: tree.root(),
  })
  return buildBundle(host, head, tree, (owner) =>
    records.filter(({ kind, key }) => ownerOf(kind, key) === owner),
  )
}

const names = (records: readonly StoredRecord[]) => records.map(({ kind, key }) => `${kind} ${key}`).sort()

function refusal(bundle: Bundle, host: string): string {
  try {
    openBundle(bundle, host)
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'invalid') return error.message
    throw error
  }
  return 'accepted'
}

describe('what a host needs', () => {
  test('is its route, the services with every slice, and their policies', () => {
    expect(names(openBundle(bundleOf(shop, 'shop.example'), 'shop.example'))).toEqual([
      'endpoints shop/api/api-a',
      'endpoints shop/web/web-a',
      'endpoints shop/web/web-b',
      'policy p1',
      'policy p2',
      'route shop.example',
      'service shop/api:80',
      'service shop/web:443',
      'service shop/web:80',
    ])
  })

  test('has every node where a service goes to nodes', () => {
    const records = openBundle(bundleOf(shop, 'nodes.example'), 'nodes.example')
    expect(names(records)).toEqual(['node n1', 'node n2', 'route nodes.example', 'service shop/nodes:80'])
  })

  test('is the wildcard route where no exact one is', () => {
    const records = openBundle(bundleOf(shop, 'a.b.example'), 'a.b.example')
    expect(names(records)).toContain('route *.example')
  })

  test.each(['other.test', 'example', 'lost.example'])('is proven absent: %s', (host) => {
    const records = openBundle(bundleOf(shop, host), host)
    expect(names(records)).toEqual(host === 'lost.example' ? ['route lost.example'] : [])
  })
})

describe('a bundle is refused', () => {
  const honest = bundleOf(shop, 'shop.example')
  const without = (owner: string): Bundle => ({
    ...honest,
    leaves: honest.leaves.filter((leaf) => leaf.owner !== owner),
  })

  test.each(honest.leaves.map((leaf) => leaf.owner))('without the leaf of %s', (owner) => {
    expect(refusal(without(owner), 'shop.example')).toMatch(`${owner} is neither there nor proven absent`)
  })

  test('when a wildcard is shown in place of the exact host', () => {
    const wildcard = bundleOf(shop, 'else.example')
    expect(refusal(wildcard, 'shop.example')).toMatch(/host:shop\.example is neither there/)
    const leaf = honest.leaves.find(({ owner }) => owner === 'host:shop.example')
    const forged = leaf && { ...leaf, end: { type: 'empty' } as const }
    const leaves = [...wildcard.leaves.slice(1), ...(forged ? [forged] : [])]
    expect(refusal({ ...honest, leaves }, 'shop.example')).toMatch(/host:shop\.example does not fit/)
  })

  test('when one slice was withheld, changed or moved to another service', () => {
    const change = (edit: (records: readonly [string, string, string][]) => [string, string, string][]) => ({
      ...honest,
      leaves: honest.leaves.map((leaf) =>
        leaf.owner === 'service:shop/web' && leaf.end.type === 'present'
          ? { ...leaf, end: { ...leaf.end, records: edit(leaf.end.records) } }
          : leaf,
      ),
    })
    const doesNotFit = /service:shop\/web does not fit the head at 1-2/
    expect(
      refusal(
        change((records) => records.slice(1)),
        'shop.example',
      ),
    ).toMatch(doesNotFit)
    expect(
      refusal(
        change((records) => records.map(([k, n, t]) => [k, n, `${t} `])),
        'shop.example',
      ),
    ).toMatch(doesNotFit)
    expect(
      refusal(
        change((records) => records.map(([k, n, t]) => [k, `x${n}`, t])),
        'shop.example',
      ),
    ).toMatch(doesNotFit)
  })

  test('when leaves of two positions are mixed', () => {
    const later = bundleOf([...shop, endpointsRecord('shop/web/web-c', ['192.0.2.9'])], 'shop.example')
    const mixed = { ...later, leaves: later.leaves.map((leaf, index) => honest.leaves[index] ?? leaf) }
    expect(refusal(mixed, 'shop.example')).toMatch(/does not fit/)
  })

  test('when it carries a leaf that nothing leads to', () => {
    const more = bundleOf(shop, 'nodes.example').leaves.filter(({ owner }) => owner === 'nodes')
    const stuffed = { ...honest, leaves: [...honest.leaves, ...more] }
    expect(refusal(stuffed, 'shop.example')).toMatch(/nothing leads to nodes/)
  })

  test('when it is for another host', () => {
    expect(refusal(honest, 'api.shop.example')).toMatch(/host:api\.shop\.example is neither there/)
  })

  test('when a record on the way cannot be read', () => {
    const broken = { kind: 'service', key: 'shop/web:80', text: '{"protocol":"quic"}' }
    const records = [routeRecord('shop.example', 'shop/web:80'), broken]
    expect(() => bundleOf(records, 'shop.example')).toThrow(/Cannot read record: service shop\/web:80, field/)
  })
})

const label = fc.constantFrom('a', 'b', 'c')
const host = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'))
const pattern = fc.tuple(fc.boolean(), host).map(([isWildcard, name]) => (isWildcard ? `*.${name}` : name))

test('the route of a bundle is the one that the host index matches', () => {
  fc.assert(
    fc.property(fc.uniqueArray(pattern, { maxLength: 8 }), host, (patterns, asked) => {
      const index = new HostIndex()
      for (const each of patterns) index.set(each, { host: each, rules: [] })
      const records = openBundle(
        bundleOf(
          patterns.map((each) => routeRecord(each)),
          asked,
        ),
        asked,
      )
      expect(records.map(({ key }) => key)).toEqual(
        [index.match(asked)?.host].filter((key) => key !== undefined),
      )
      expect(patternsOf(asked)).toContain(index.match(asked)?.host ?? asked)
    }),
  )
})
