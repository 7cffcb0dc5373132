import { Compilation, type ObjectChange } from '../../../src/compile/compilation.ts'
import type { CompileOptions } from '../../../src/compile/output.ts'
import { Table } from '../../../src/gateway/table.ts'
import { parseCidr } from '../../../src/model/address.ts'
import { encodeCanonical } from '../../../src/model/canonical.ts'
import { parseObject } from '../../../src/model/objects/object.ts'
import type { RouteRecord } from '../../../src/model/records.ts'
import type { StoredChange } from '../../../src/registry/port.ts'
import { compileOptions } from '../../support/compile.ts'

const OLD = '2020-01-01T00:00:00Z'
const LATE = '2025-01-01T00:00:00Z'

/** As strict as hosts can be, and as lenient with endpoints: what holds then holds by the checks alone. */
export const strict: CompileOptions = {
  ...compileOptions,
  hostClaims: 'strict',
  loopbackCidrs: [],
  endpointCidrs: ['0.0.0.0/0', '::/0'].map(parseCidr).filter((cidr) => cidr !== undefined),
  allowHosts: [{ namespace: 'bank', host: 'pay.example.org' }],
}

export interface Meta {
  readonly name: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly uid?: string
}

const namespaced = (kind: string, namespace: string, createdAt: string, meta: Meta, rest: object) => ({
  apiVersion: kind === 'EndpointSlice' ? 'discovery.k8s.io/v1' : 'v1',
  kind,
  metadata: { namespace, creationTimestamp: createdAt, ...meta },
  ...rest,
})
const pod = (namespace: string, name: string, ips: readonly string[], status: object = {}) =>
  namespaced(
    'Pod',
    namespace,
    OLD,
    { name, uid: `${name}-uid`, labels: { app: name } },
    {
      spec: { containers: [{ name: 'web', ports: [{ containerPort: 8080 }] }] },
      status: { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })), phase: 'Running', ...status },
    },
  )

const slice = (namespace: string, service: string, endpoint: object, addressType = 'IPv4') =>
  namespaced(
    'EndpointSlice',
    namespace,
    LATE,
    { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    {
      addressType,
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      endpoints: [endpoint],
    },
  )

/** What the neighbours have: a namespace with a name of its own, Pods, and the cluster's own addresses. */
const cluster = [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'bank',
      annotations: { 'postern.dev/allowed-hosts': 'bank.example.com, *.bank.example.com' },
    },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'evil' } },
  namespaced(
    'Service',
    'bank',
    LATE,
    {
      name: 'web',
      annotations: {
        'postern.dev/expose': 'true',
        'postern.dev/host': 'bank.example.com, *.bank.example.com, pay.example.org, web.bank.example.test',
        'postern.dev/deny-cidrs': '198.51.100.0/24',
      },
    },
    {
      spec: {
        clusterIP: '10.96.0.1',
        clusterIPs: ['10.96.0.1', 'fd96::1'],
        ports: [{ port: 80 }],
        selector: { app: 'web' },
      },
    },
  ),
  namespaced(
    'Service',
    'bank',
    LATE,
    { name: 'db', annotations: { 'postern.dev/expose': 'true' } },
    {
      spec: { clusterIP: 'None', ports: [{ port: 80 }], selector: { app: 'web' } },
    },
  ),
  slice('bank', 'web', {
    addresses: ['10.1.0.1'],
    conditions: {},
    targetRef: { kind: 'Pod', name: 'web', namespace: 'bank', uid: 'web-uid' },
  }),
  pod('bank', 'web', ['10.1.0.1', 'fd01::1']),
  pod('evil', 'own', ['10.1.0.9', 'fd01::9']),
  pod('evil', 'done', ['10.1.0.8'], { phase: 'Succeeded' }),
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1' },
    status: {
      addresses: [
        { type: 'InternalIP', address: '10.2.0.1' },
        { type: 'InternalIP', address: 'fd02::1' },
      ],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  },
  slice('default', 'kubernetes', { addresses: ['10.3.0.1'], conditions: {} }),
]

/** A Service of the tenant who attacks, older than all that the others have. */
export const evilService = (meta: Meta, spec: object = {}) =>
  namespaced(
    'Service',
    'evil',
    OLD,
    { ...meta, annotations: { 'postern.dev/expose': 'true', ...meta.annotations } },
    {
      spec: { ports: [{ port: 80 }], ...spec },
    },
  )

export const evilSlice = (endpoint: object, addressType?: string, service = 'web') =>
  slice('evil', service, { conditions: { ready: true }, ...endpoint }, addressType)

/** The tables that the attack leads to, come before the others' objects or after them. */
export function tablesOf(attack: readonly object[], options: CompileOptions = strict): Table[] {
  return [
    [...attack, ...cluster],
    [...cluster, ...attack],
  ].map((objects) => {
    const changes = objects.flatMap((raw): ObjectChange[] => {
      const parsed = parseObject(raw)
      return parsed.type === 'object' ? [{ type: 'put', object: parsed.object }] : []
    })
    const table = new Table()
    const compilation = new Compilation(options)
    // One by one: what is seen first must not stay.
    for (const change of changes) {
      const stored = compilation.apply([change]).map(
        ({ kind, key, value }): StoredChange => ({
          kind,
          key,
          text: value === null ? null : encodeCanonical(value),
        }),
      )
      table.apply(stored)
    }
    return table
  })
}

/** What belongs to the neighbours, as requests meet it. */
export function ofOthers(table: Table): unknown {
  const routes = [...table.routes()].filter(({ rules }) =>
    rules.some(({ origin }) => origin.namespace !== 'evil'),
  )
  const services = ['bank/web:80', 'bank/db:80'].map((key) => table.service(key))
  return { routes: routes.toSorted((a, b) => (a.host < b.host ? -1 : 1)), services }
}

/** The hosts on which the tenant's rules stand. */
export function evilHosts(table: Table): string[] {
  const isEvil = ({ rules }: RouteRecord) => rules.some(({ origin }) => origin.namespace === 'evil')
  return [...table.routes()].filter(isEvil).map(({ host }) => host)
}

/** Where the tenant's Services lead. */
export function evilAddresses(table: Table): string[] {
  return [...table.routes()]
    .flatMap(({ rules }) => rules)
    .filter(({ origin }) => origin.namespace === 'evil')
    .flatMap(({ action }) => (action.type === 'forward' ? [table.service(action.service)] : []))
    .flatMap((service) => [
      ...(service?.candidates ?? []),
      ...[...(service?.byHostname?.values() ?? [])].flatMap(({ candidates }) => candidates),
    ])
    .map(({ address }) => address)
}
