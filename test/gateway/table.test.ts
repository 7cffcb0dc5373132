import { expect, test } from 'vitest'
import { nowhere } from '../../src/balance/place.ts'
import { Table } from '../../src/gateway/table.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import type { EndpointsRecord, NodeRecord } from '../../src/model/records.ts'
import type { StoredChange } from '../../src/registry/port.ts'
import { webService as service } from '../support/records.ts'

const hinted = (address: string, zone: string) => ({
  address,
  ready: true,
  serving: true,
  terminating: false,
  forZones: [zone],
})
const slice: EndpointsRecord = {
  family: 'IPv4',
  ports: [{ name: '', port: 8080 }],
  endpoints: [hinted('10.0.0.1', 'zone-a'), hinted('10.0.0.2', 'zone-b')],
}
const node = (zone: string): NodeRecord => ({ addresses: ['192.0.2.1'], ready: true, excluded: false, zone })

function change(kind: string, key: string, value: unknown): StoredChange {
  return { kind, key, text: value === null ? null : encodeCanonical(value) }
}

function candidates(table: Table): string[] | undefined {
  return table.service('shop/web:80')?.candidates.map(({ address }) => address)
}

const records = [change('service', 'shop/web:80', service), change('endpoints', 'shop/web/web-1', slice)]

test('a gateway that knows its Node stands in the zone of that, and moves with it', () => {
  const table = new Table({ ...nowhere, node: 'node-1' })
  table.apply(records)
  expect(candidates(table)).toEqual(['10.0.0.1', '10.0.0.2'])
  table.apply([change('node', 'node-1', node('zone-b'))])
  expect(candidates(table)).toEqual(['10.0.0.2'])
  table.apply([change('node', 'node-1', node('zone-a'))])
  expect(candidates(table)).toEqual(['10.0.0.1'])
  table.apply([change('node', 'node-1', null)])
  expect(candidates(table)).toEqual(['10.0.0.1', '10.0.0.2'])
})

test('a zone that the gateway was told wins over that of its Node', () => {
  const table = new Table({ ...nowhere, node: 'node-1', zone: 'zone-a' })
  table.apply([...records, change('node', 'node-1', node('zone-b'))])
  expect(candidates(table)).toEqual(['10.0.0.1'])
})

test('a gateway that knows nothing of its place prefers nobody', () => {
  const table = new Table()
  table.apply(records)
  expect(candidates(table)).toEqual(['10.0.0.1', '10.0.0.2'])
})

test('a record that cannot be read closes what it is about, says so, and leaves the others be', () => {
  const rules = [
    {
      path: { type: 'prefix', value: '/' },
      action: { type: 'forward', service: 'shop/web:80' },
      origin: { kind: 'Service', namespace: 'shop', name: 'web' },
    },
  ]
  const good = change('route', 'good.test', { host: 'good.test', rules })
  const table = new Table()
  const troubles = table.apply([
    ...records,
    good,
    // A newer agent restricts in a way that is not known here.
    change('route', 'new.test', {
      host: 'new.test',
      rules: rules.map((rule) => ({ ...rule, onlyOn: 'Mondays' })),
    }),
    change('service', 'shop/new:80', { ...service, name: 'new', tokens: 'needed' }),
    { kind: 'policy', key: 'p', text: 'not JSON' },
    { kind: 'weather', key: 'today', text: '{}' },
  ])
  expect(troubles.map(({ message }) => message)).toEqual([
    expect.stringContaining('route new.test, field rules.0.onlyOn'),
    expect.stringContaining('service shop/new:80, field tokens'),
    expect.stringContaining('policy p is not JSON'),
    'Cannot read record: unknown kind of record: "weather"',
  ])
  expect(table.route('good.test')?.rules).toHaveLength(1)
  expect(table.route('new.test')?.rules[0]?.action).toEqual({
    type: 'unavailable',
    problem: 'record-unreadable',
  })
  expect(table.service('shop/new:80')).toBeUndefined()
  expect(candidates(table)).toEqual(['10.0.0.1', '10.0.0.2'])
})

test('a slice that cannot be read closes the nodes as well, for they lead to what it held', () => {
  const table = new Table()
  const onNodes = { ...service, target: { type: 'node', nodePort: 30080, onlyLocal: false } }
  table.apply([change('service', 'shop/web:80', onNodes), records[1] ?? change('endpoints', '', null)])
  table.apply([change('node', 'node-1', node('zone-a'))])
  expect(candidates(table)).toEqual(['192.0.2.1'])
  table.apply([{ kind: 'endpoints', key: 'shop/web/web-2', text: '{}' }])
  expect(candidates(table)).toEqual([])
})

test('a problem with a code of a newer agent is shown', () => {
  const table = new Table()
  const problem = { kind: 'Service', namespace: 'shop', name: 'web', field: '', message: 'm', hint: 'h' }
  const list = [{ ...problem, code: 'quite-new', severity: 'warning' }]
  expect(table.apply([change('problem', 'Service/shop/web', list)])).toEqual([])
  expect(table.problems()).toEqual(list)
})

test('of many records that cannot be read the first are told, and how many more there are', () => {
  const broken = Array.from({ length: 1_000 }, (_, i) => ({ kind: 'route', key: `${i}.test`, text: '{}' }))
  const table = new Table()
  const troubles = table.apply(broken)
  expect(troubles).toHaveLength(21)
  expect(troubles.at(0)?.message).toMatch(/^Cannot read record: route 0\.test, field /)
  expect(troubles.at(-1)?.message).toBe('Cannot read 980 more records')
  expect(table.route('999.test')?.rules[0]?.action.type).toBe('unavailable')
})

test('a Node’s addresses are known in one form, for as long as the Node is there', () => {
  const table = new Table()
  const addresses = ['10.1.0.1', '2001:DB8:0:0::1']
  table.apply([change('node', 'node-1', { ...node('a'), ready: false, addresses })])
  expect(['10.1.0.1', '2001:db8::1', '10.1.0.2'].map((address) => table.isNode(address))).toEqual([
    true,
    true,
    false,
  ])
  table.apply([change('node', 'node-1', { ...node('a'), addresses: ['10.1.0.2'] })])
  expect(['10.1.0.1', '10.1.0.2'].map((address) => table.isNode(address))).toEqual([false, true])
  table.apply([change('node', 'node-1', null)])
  expect(table.isNode('10.1.0.2')).toBe(false)
})

test('where several clusters are served, a secret part opens as one of its own', () => {
  const part = { form: 'sealed', tag: '', jwe: '{}' }
  const credential = change('credential', 'shop/users', { type: 'basic', secret: part })
  const facts = { hosts: ['shop.example.com'], notBefore: 0, notAfter: 1, chain: 'PEM' }
  const certificate = change('certificate', 'shop/tls', { ...facts, key: part })
  const [west, only] = [new Table(nowhere, 'west'), new Table()]
  for (const table of [west, only]) expect(table.apply([credential, certificate])).toEqual([])
  expect(west.credential('shop/users')?.secret).toEqual({ ...part, cluster: 'west' })
  expect(west.certificate('shop/tls')?.key).toEqual({ ...part, cluster: 'west' })
  expect(only.credential('shop/users')?.secret).toEqual(part)
})
