import { afterEach, expect, test } from 'vitest'
import { plan } from '../../src/gateway/plan.ts'
import type { Plan } from '../../src/gateway/road.ts'
import type { Table } from '../../src/gateway/table.ts'
import { startGateway, tableOf } from '../support/gateway.ts'
import { send, startHttp } from '../support/http.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface EndpointFacts {
  readonly address: string
  readonly hostname?: string
  readonly pod?: string
  readonly conditions?: object
  readonly port?: number
  readonly zone?: string
}

function headless(name: string, spec: object = {}, annotations: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', annotations: { 'postern.dev/expose': 'true', ...annotations } },
    spec: { clusterIP: 'None', ports: [{ port: 80 }], ...spec },
  }
}

/** One slice an endpoint, with the Pod that it names. */
function slices(service: string, endpoints: readonly EndpointFacts[]): object[] {
  return endpoints.flatMap(({ address, hostname, pod, conditions = { ready: true }, port = 8080 }, i) => [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${service}-${i}`,
        namespace: 'shop',
        labels: { 'kubernetes.io/service-name': service },
      },
      addressType: address.includes(':') ? 'IPv6' : 'IPv4',
      ports: [{ name: '', port }],
      endpoints: [
        {
          addresses: [address],
          conditions,
          hostname,
          ...(pod && { targetRef: { kind: 'Pod', namespace: 'shop', name: pod, uid: 'u' } }),
        },
      ],
    },
    ...(pod === undefined ? [] : [podOf(pod, address)]),
  ])
}

function podOf(name: string, podIP: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: 'u', labels: { app: 'db' } },
    spec: { containers: [] },
    status: { podIP },
  }
}

const yaml = (...objects: readonly object[]) => objects.map((each) => JSON.stringify(each)).join('\n---\n')

function ask(table: Table, host: string, client = '203.0.113.9'): Plan {
  const head = { method: 'GET', target: '/', hosts: [host], field: () => undefined }
  const road = { trustedProxies: [], networkPolicy: 'enforce' as const }
  return plan(head, { address: client, isTrusted: false, scheme: 'http' }, table, road, {
    externalEndpoints: () => undefined,
    staleness: () => undefined,
  })
}

/** Where a host leads: addresses, or the error. */
function lead(table: Table, host: string, client?: string): readonly string[] | string {
  const decided = ask(table, host, client)
  if (decided.type === 'forward') return decided.candidates.map(({ address }) => address)
  return decided.type === 'reply' ? decided.error : 'waits'
}

const DB = 'db.shop.example.test'
const LEAVING = { ready: false, serving: true, terminating: true }

test('each Pod answers by its hostname, and by its own name where it has none', () => {
  const table = tableOf(
    yaml(
      headless('db'),
      ...slices('db', [
        { address: '10.0.0.1', hostname: 'db-0', pod: 'db-0' },
        { address: '10.0.0.2', hostname: 'first', pod: 'db-1' },
        { address: '10.0.0.3', pod: 'db-2' },
        { address: '10.0.0.4', hostname: 'by-hand' },
        { address: '10.0.0.5' },
      ]),
    ),
  )
  expect(lead(table, `db-0.${DB}`)).toEqual(['10.0.0.1'])
  expect(lead(table, `DB-0.${DB}.:8080`)).toEqual(['10.0.0.1'])
  expect(lead(table, `first.${DB}`)).toEqual(['10.0.0.2'])
  expect(lead(table, `db-2.${DB}`)).toEqual(['10.0.0.3'])
  expect(lead(table, `by-hand.${DB}`)).toEqual(['10.0.0.4'])
  // The hostname is the name of a Pod that has one (specification 2.1).
  expect(lead(table, `db-1.${DB}`)).toBe('host-unknown')
  expect(lead(table, DB)).toHaveLength(5)
})

test.each([
  ['no such Pod', `db-9.${DB}`],
  ['two labels', `x.db-0.${DB}`],
  ['an address for a name', `10-0-0-1.${DB}`],
  ['a Pod whose name is two labels', `a.b.${DB}`],
  ['the name of an object member', `constructor.${DB}`],
])('an unknown name is 404: %s', (_what, host) => {
  const table = tableOf(
    yaml(
      headless('db'),
      ...slices('db', [
        { address: '10.0.0.1', hostname: 'db-0' },
        { address: '10.0.0.2', pod: 'a.b' },
      ]),
    ),
  )
  expect(lead(table, host)).toBe('host-unknown')
})

test('a known Pod that is not ready is 503, while the others serve', () => {
  const pods = [
    { address: '10.0.0.1', hostname: 'db-0', conditions: { ready: false } },
    { address: '10.0.0.2', hostname: 'db-1' },
  ]
  const table = tableOf(yaml(headless('db'), ...slices('db', pods)))
  expect(lead(table, `db-0.${DB}`)).toBe('endpoints-none')
  expect(lead(table, DB)).toEqual(['10.0.0.2'])
})

test('a Pod that is leaving serves under its own name until it is gone', () => {
  const pods = [
    { address: '10.0.0.1', hostname: 'db-0', conditions: LEAVING },
    { address: '10.0.0.2', hostname: 'db-1' },
  ]
  const table = tableOf(yaml(headless('db'), ...slices('db', pods)))
  expect(lead(table, `db-0.${DB}`)).toEqual(['10.0.0.1'])
  expect(lead(table, DB)).toEqual(['10.0.0.2'])
})

test('publishNotReadyAddresses: a Pod that is not ready answers', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'db-0', namespace: 'shop', labels: { app: 'db' } },
    spec: { hostname: 'db-0', subdomain: 'db', containers: [] },
    status: { podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'False' }] },
  }
  const published = { selector: { app: 'db' }, publishNotReadyAddresses: true }
  expect(lead(tableOf(yaml(headless('db', published), pod)), `db-0.${DB}`)).toEqual(['10.0.0.1'])
  expect(lead(tableOf(yaml(headless('db', { selector: { app: 'db' } }), pod)), `db-0.${DB}`)).toBe(
    'endpoints-none',
  )
})

test('a Pod with two addresses is reached by one family', () => {
  const pods = [
    { address: '2001:db8::1', hostname: 'db-0' },
    { address: '10.0.0.1', hostname: 'db-0' },
  ]
  const table = tableOf(yaml(headless('db'), ...slices('db', pods)))
  expect(lead(table, `db-0.${DB}`)).toEqual(['10.0.0.1'])
})

test('a Service with a cluster IP has no names for its Pods', () => {
  const table = tableOf(
    yaml(
      headless('db', { clusterIP: '10.96.0.1' }),
      ...slices('db', [{ address: '10.0.0.1', hostname: 'db-0' }]),
    ),
  )
  expect(lead(table, DB)).toEqual(['10.0.0.1'])
  expect(lead(table, `db-0.${DB}`)).toBe('host-unknown')
})

test('an exact hostname goes before a Pod’s, and a Pod’s before a wider wildcard', () => {
  const other = headless(
    'other',
    { clusterIP: '10.96.0.2' },
    { 'postern.dev/host': `db-0.${DB}, *.shop.example.test` },
  )
  const table = tableOf(
    yaml(
      headless('db'),
      other,
      ...slices('db', [
        { address: '10.0.0.1', hostname: 'db-0' },
        { address: '10.0.0.2', hostname: 'db-1' },
      ]),
      ...slices('other', [{ address: '10.0.0.9' }]),
    ),
  )
  expect(lead(table, `db-0.${DB}`)).toEqual(['10.0.0.9'])
  expect(lead(table, `db-1.${DB}`)).toEqual(['10.0.0.2'])
  expect(lead(table, `db-2.${DB}`)).toBe('host-unknown')
  expect(lead(table, 'db-2.shop.example.test')).toEqual(['10.0.0.9'])
})

test('NetworkPolicies and source ranges decide for a Pod’s name too, and follow when they change', () => {
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'shop' },
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ ipBlock: { cidr: '198.51.100.0/24' } }] }],
    },
  }
  // Leaving, so that it is nobody's candidate but its own name's.
  const pods = [
    { address: '10.0.0.1', hostname: 'db-0', pod: 'db-0', conditions: LEAVING },
    { address: '10.0.0.2', hostname: 'by-hand' },
  ]
  const table = tableOf(yaml(headless('db'), policy, ...slices('db', pods)))
  expect(lead(table, `db-0.${DB}`, '198.51.100.1')).toEqual(['10.0.0.1'])
  expect(lead(table, `db-0.${DB}`, '203.0.113.9')).toBe('client-refused')
  expect(lead(table, `by-hand.${DB}`, '203.0.113.9')).toEqual(['10.0.0.2'])
  const guards = table.service('shop/db:80')?.byHostname?.get('db-0')?.candidates[0]?.guards
  table.apply([{ kind: 'policy', key: guards?.[0]?.policy ?? '', text: null }])
  // A policy that is missing admits nobody.
  expect(lead(table, `db-0.${DB}`, '198.51.100.1')).toBe('client-refused')

  const ranged = headless('db', { loadBalancerSourceRanges: ['192.0.2.0/24'] })
  const closed = tableOf(yaml(ranged, ...slices('db', pods)))
  expect(lead(closed, `db-0.${DB}`, '203.0.113.9')).toBe('client-refused')
  expect(lead(closed, `db-0.${DB}`, '192.0.2.9')).toEqual(['10.0.0.1'])
})

test('over a real connection the Pod that was named answers, with its path and its own Host', async () => {
  const pods = await Promise.all(
    ['db-0', 'db-1'].map((name) =>
      startHttp((request, response) => void response.end(`${name} ${request.headers.host} ${request.url}`)),
    ),
  )
  const facts = pods.map(({ port }, i) => ({ address: '127.0.0.1', hostname: `db-${i}`, port }))
  const paths = { 'postern.dev/path': '/api', 'postern.dev/strip-prefix': 'true' }
  const gateway = await startGateway(yaml(headless('db', {}, paths), ...slices('db', facts)))
  closers.push(...pods.map(({ close }) => close), gateway.close)
  for (const name of ['db-0', 'db-1', 'db-0', 'db-1']) {
    const host = `${name}.${DB}`
    expect(await send({ port: gateway.port, host, path: '/api/x' })).toMatchObject({
      status: 200,
      body: `${name} ${host} /x`,
    })
  }
  expect((await send({ port: gateway.port, host: `db-0.${DB}`, path: '/' })).status).toBe(404)
  expect((await send({ port: gateway.port, host: `db-2.${DB}`, path: '/api' })).status).toBe(404)
})
