import { expect, test } from 'vitest'
import { externalByName } from '../../src/gateway/external-by-name.ts'
import { HostTables, type HostTablesOptions } from '../../src/gateway/host-tables.ts'
import { plan } from '../../src/gateway/plan.ts'
import { type Head, unsignedHead } from '../../src/registry/head.ts'
import type { HostRead, StoredRecord } from '../../src/registry/port.ts'
import { endpointsRecord, nodeRecord, routeRecord, serviceRecord } from '../support/records.ts'

const options: HostTablesOptions = {
  maxHosts: 100,
  maxBytes: 1_000_000,
  maxGuests: 3,
  maxGuestBytes: 1_000_000,
  softMs: 100,
  negativeMs: 1_000,
  maxStaleMs: 60_000,
}
const NOW = 1_000_000
const HOST = 'web.example.test'
const SERVICE = 'shop/web:80'

const headAt = (revision: number, observedAt = NOW): Head =>
  unsignedHead({
    schema: 1,
    cluster: 'test',
    position: { epoch: 1, revision },
    observedAt,
    root: '0'.repeat(64),
  })

function bundle(records: readonly StoredRecord[], head = headAt(1)): HostRead {
  return { type: 'bundle', head, etag: 'etag', records }
}

const web = (target: 'pod' | 'node' = 'pod', host = HOST) => [
  routeRecord(host, SERVICE),
  serviceRecord(SERVICE, target),
  endpointsRecord('shop/web/1', ['10.0.0.1']),
  ...(target === 'node' ? [nodeRecord('n1')] : []),
]

function tablesWith(overrides: Partial<HostTablesOptions> = {}) {
  return new HostTables({ ...options, ...overrides })
}

test('a host that nobody has read is unloaded, and known once it has been', () => {
  const tables = tablesWith()
  expect(tables.at(NOW).route(HOST)).toBe('unloaded')
  tables.store(HOST, bundle(web()), NOW)
  expect(tables.at(NOW).route(HOST)).toMatchObject({ host: HOST })
  expect(tables.at(NOW).service(SERVICE, HOST)?.candidates).toHaveLength(1)
})

test('an unknown host is remembered for a while, then asked for again', () => {
  const tables = tablesWith()
  tables.store(HOST, bundle([]), NOW)
  expect(tables.at(NOW + 999).route(HOST)).toBeUndefined()
  expect(tables.at(NOW + 1_000).route(HOST)).toBe('unloaded')
})

test('while the registry is away, what is unknown stays unknown', () => {
  const tables = tablesWith()
  tables.store(HOST, bundle([]), NOW)
  tables.readFailed(HOST, NOW + 5_000, 1_000)
  expect(tables.at(NOW + 5_000).route(HOST)).toBeUndefined()
})

test('one request reads an aged host, and after a while another may', () => {
  const tables = tablesWith()
  tables.store(HOST, bundle(web()), NOW)
  expect(tables.claim(HOST, NOW + 99, 3_000)).toBe(false)
  expect(tables.claim(HOST, NOW + 100, 3_000)).toBe(true)
  expect(tables.claim(HOST, NOW + 200, 3_000)).toBe(false)
  // Whoever claimed it was ended by the platform.
  expect(tables.claim(HOST, NOW + 3_100, 3_000)).toBe(true)
})

test('past its time a Pod is not reached any more, a NodePort is', () => {
  const tables = tablesWith()
  tables.store(HOST, bundle(web('pod')), NOW)
  tables.store('node.example.test', bundle(web('node', 'node.example.test')), NOW)
  const ask = (host: string, now: number) => {
    const head = { method: 'GET', target: '/', hosts: [host], field: () => undefined }
    const peer = { address: '203.0.113.9', isTrusted: false, scheme: 'http' } as const
    const state = { ...externalByName, staleness: (each: string) => tables.staleness(each, now) }
    const decided = plan(head, peer, tables.at(now), { trustedProxies: [], networkPolicy: 'enforce' }, state)
    return decided.type === 'reply' ? decided.error : decided.type
  }
  expect(ask(HOST, NOW + 60_000)).toBe('forward')
  expect(ask(HOST, NOW + 60_001)).toBe('registry-stale')
  expect(ask('node.example.test', NOW + 60_001)).toBe('forward')
  tables.store(HOST, { type: 'unchanged', head: headAt(2, NOW + 60_001) }, NOW + 60_001)
  expect(ask(HOST, NOW + 60_001)).toBe('forward')
})

test('a relay that lags behind takes nothing back', () => {
  const tables = tablesWith()
  tables.store(HOST, bundle(web(), headAt(5)), NOW)
  expect(() => tables.store(HOST, bundle([], headAt(4)), NOW)).toThrow(
    'Cannot use the bundle of host "web.example.test": 1-4 is older than 1-5, which is held',
  )
  expect(tables.at(NOW).route(HOST)).toMatchObject({ host: HOST })
  // A lower position that was observed later: the registry started anew.
  tables.store(HOST, bundle([], headAt(1, NOW + 1)), NOW)
  expect(tables.at(NOW).route(HOST)).toBeUndefined()
})

test('a bundle that cannot be read leaves what is held', () => {
  const tables = tablesWith()
  tables.store(HOST, bundle(web()), NOW)
  const broken = { kind: 'route', key: HOST, text: '{}' }
  expect(() => tables.store(HOST, bundle([broken], headAt(2)), NOW)).toThrow(/route web\.example\.test/)
  expect(tables.at(NOW).route(HOST)).toMatchObject({ host: HOST })
})

test('names that anybody may make up never push out a host', () => {
  const tables = tablesWith()
  tables.store(HOST, bundle(web()), NOW)
  for (let i = 0; i < 10; i++) {
    tables.store(`x${i}.example.test`, bundle([]), NOW)
    tables.store(`y${i}.wild.test`, bundle([routeRecord('*.wild.test', '')]), NOW)
  }
  expect(tables.size).toMatchObject({ hosts: 1, guests: 3 })
  expect(tables.at(NOW).route('x0.example.test')).toBe('unloaded')
})

test('hosts stay within their count and their bytes, the last used longest', () => {
  const few = tablesWith({ maxHosts: 2 })
  for (const host of ['a.test', 'b.test']) few.store(host, bundle(web('pod', host)), NOW)
  few.at(NOW).route('a.test')
  few.store('c.test', bundle(web('pod', 'c.test')), NOW)
  expect(few.peek('b.test')).toBeUndefined()
  expect(few.peek('a.test')).toBeDefined()
  const bytes = few.peek('a.test')?.bytes ?? 0
  const small = tablesWith({ maxBytes: bytes * 3 })
  for (let i = 0; i < 9; i++) small.store(`${i}.test`, bundle(web('pod', `${i}.test`)), NOW)
  expect(small.size.hosts).toBeLessThanOrEqual(3)
  expect(small.size.bytes).toBeLessThanOrEqual(bytes * 3)
})

test('a publish ages the hosts that it touches, and no other', () => {
  const tables = tablesWith()
  tables.store(HOST, bundle(web()), NOW)
  tables.store('other.test', bundle([routeRecord('other.test', 'shop/other:80')]), NOW)
  tables.store('new.example.test', bundle([]), NOW)
  expect(tables.touch(['service:shop/web'])).toEqual([HOST])
  expect(tables.claim(HOST, NOW, 1)).toBe(true)
  // A Service that was not there yet, and a route of one's own where there was none.
  expect(tables.touch(['service:shop/other'])).toEqual(['other.test'])
  expect(tables.touch(['host:*.example.test'])).toEqual([HOST, 'new.example.test'])
  expect(tables.touch('reload')).toHaveLength(3)
})
