import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Compilation, type ObjectChange, type RecordChange } from '../../src/compile/compilation.ts'
import { type KubeObject, keyOf, parseObject } from '../../src/model/objects/object.ts'
import { compileOptions } from '../support/compile.ts'

const names = fc.constantFrom('a', 'b', 'c')
const meta = fc.record({ namespace: fc.constantFrom('one', 'two'), name: names })
const ages = fc.constantFrom('', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z')
const labels = fc.record({ app: names }, { requiredKeys: [] })

const annotations = fc.record(
  {
    'postern.dev/expose': fc.constantFrom('true', 'true', 'true', 'false', 'maybe'),
    'postern.dev/host': fc.constantFrom(
      'x.test',
      '*.x.test',
      'x.test,y.test',
      'a.one.example.test',
      '*.a.one.example.test',
      '-',
    ),
    'postern.dev/path': fc.constantFrom('/', '/api', '/api/', 'api'),
    'postern.dev/port': fc.constantFrom('80', '81', 'http', 'none'),
    'postern.dev/target': fc.constantFrom('pod', 'node'),
  },
  { requiredKeys: [] },
)

const service = fc
  .record({
    meta,
    ages,
    annotations,
    app: names,
    ports: fc.constantFrom([80], [80, 81], [81, 82]),
    clusterIP: fc.constantFrom('None', '10.96.0.1'),
  })
  .map((some) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...some.meta, creationTimestamp: some.ages, annotations: some.annotations },
    spec: {
      clusterIP: some.clusterIP,
      selector: { app: some.app },
      ports: some.ports.map((port) => ({ name: `p${port}`, port })),
    },
  }))

const addresses = fc.constantFrom('10.244.0.1', '10.244.0.2', '192.0.2.1')
const target = fc.record({
  kind: fc.constantFrom('Pod', 'Pod', 'Pod', 'Other'),
  name: names,
  uid: fc.constantFrom('', 'u'),
})

const slice = fc
  .record({
    meta,
    service: names,
    ready: fc.boolean(),
    type: fc.constantFrom('IPv4', 'IPv4', 'IPv4', 'FQDN'),
    endpoints: fc.array(fc.tuple(addresses, fc.option(target)), { minLength: 1, maxLength: 3 }),
  })
  .map((some) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...some.meta, labels: { 'kubernetes.io/service-name': some.service } },
    addressType: some.type,
    ports: [{ port: 8080 }],
    endpoints: some.endpoints.map(([address, targetRef]) => ({
      addresses: [address],
      hostname: address.at(-1) === '1' ? 'h' : undefined,
      conditions: { ready: some.ready },
      ...(targetRef === null ? {} : { targetRef: { ...targetRef, namespace: some.meta.namespace } }),
    })),
  }))

const pod = fc
  .record({
    meta,
    labels,
    ready: fc.constantFrom('True', 'False'),
    uid: fc.constantFrom('', 'u'),
    podIP: addresses,
    hostNetwork: fc.boolean(),
  })
  .map((some) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...some.meta, uid: some.uid, labels: some.labels },
    spec: {
      hostNetwork: some.hostNetwork,
      containers: [{ ports: [{ name: 'http', containerPort: 8080 }] }],
    },
    status: { podIP: some.podIP, conditions: [{ type: 'Ready', status: some.ready }] },
  }))

const policy = fc
  .record({
    meta,
    labels,
    port: fc.constantFrom(8080, 'http', 'none'),
    cidr: fc.constantFrom('0.0.0.0/0', '192.0.2.0/24'),
  })
  .map((some) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: some.meta,
    spec: {
      podSelector: { matchLabels: some.labels },
      ingress: [{ from: [{ ipBlock: { cidr: some.cidr } }], ports: [{ port: some.port }] }],
    },
  }))

const deployment = fc.record({ meta, labels }).map((some) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: some.meta,
  spec: { template: { metadata: { labels: some.labels } } },
}))

const node = fc.record({ name: names, address: addresses }).map((some) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: some.name },
  status: { addresses: [{ type: 'InternalIP', address: some.address }] },
}))

const namespace = fc
  .record({
    name: fc.constantFrom('one', 'two'),
    allowed: fc.option(fc.constantFrom('x.test', '*.test', 'y.test', '-')),
  })
  .map((some) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: some.name,
      annotations: some.allowed === null ? {} : { 'postern.dev/allowed-hosts': some.allowed },
    },
  }))

const object = fc
  .oneof(
    { weight: 4, arbitrary: service },
    { weight: 4, arbitrary: slice },
    { weight: 3, arbitrary: pod },
    { weight: 2, arbitrary: policy },
    { weight: 2, arbitrary: namespace },
    deployment,
    node,
  )
  .map((raw): KubeObject => {
    const parsed = parseObject(raw)
    if (parsed.type !== 'object')
      throw new Error(`The generator made a bad object: ${JSON.stringify(parsed)}`)
    return parsed.object
  })

const change = fc.oneof(
  { weight: 3, arbitrary: object.map((put): ObjectChange => ({ type: 'put', object: put })) },
  { weight: 1, arbitrary: object.map((gone): ObjectChange => ({ type: 'delete', key: keyOf(gone) })) },
)

const modes = ['open', 'strict'] as const

test.each(modes)(
  'changes in any order and batches give the records of a compile from scratch, %s',
  (mode) => {
    const options = {
      ...compileOptions,
      hostClaims: mode,
      allowHosts: [{ namespace: 'two', host: 'y.test' }],
    }
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 10 }), (batches) => {
        const compilation = new Compilation(options)
        const records = new Map<string, unknown>()
        const objects = new Map<string, KubeObject>()
        for (const batch of batches) {
          accumulate(records, compilation.apply(batch))
          for (const one of batch) {
            if (one.type === 'put') objects.set(keyOf(one.object), one.object)
            if (one.type === 'delete') objects.delete(one.key)
          }
        }
        const scratch = new Compilation(options)
        const puts = [...objects.values()]
          .reverse()
          .map((put): ObjectChange => ({ type: 'put', object: put }))
        expect(records).toEqual(accumulate(new Map(), scratch.apply(puts)))
      }),
      { numRuns: 500 },
    )
  },
)

test('a change of an EndpointSlice compiles no route', () => {
  fc.assert(
    fc.property(fc.array(object, { maxLength: 20 }), slice, (objects, raw) => {
      const compilation = new Compilation(compileOptions)
      compilation.apply(objects.map((put) => ({ type: 'put', object: put })))
      const parsed = parseObject(raw)
      if (parsed.type !== 'object') return
      const kinds = compilation.apply([{ type: 'put', object: parsed.object }]).map((record) => record.kind)
      expect(kinds).not.toContain('route')
      expect(kinds).not.toContain('service')
    }),
  )
})

test('what a Namespace allows settles the hosts of its own Services, and compiles nothing else', () => {
  const compilation = new Compilation({ ...compileOptions, hostClaims: 'strict' })
  const put = (raw: object): ObjectChange => {
    const parsed = parseObject(raw)
    if (parsed.type !== 'object') throw new Error(JSON.stringify(parsed))
    return { type: 'put', object: parsed.object }
  }
  const web = (name: string, host: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: name,
      name: 'web',
      annotations: { 'postern.dev/expose': 'true', 'postern.dev/host': host },
    },
    spec: { ports: [{ port: 80 }] },
  })
  const allow = (hosts: string, labels = {}) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'one', labels, annotations: { 'postern.dev/allowed-hosts': hosts } },
  })
  compilation.apply([
    put(web('one', 'x.test, web.one.example.test')),
    put(web('two', 'x.test, web.two.example.test')),
  ])
  const keys = (changes: RecordChange[]) => changes.map(({ kind, key }) => `${kind} ${key}`)
  expect(keys(compilation.apply([put(allow('x.test'))]))).toEqual(['route x.test', 'problem Service/one/web'])
  expect(keys(compilation.apply([put(allow('x.test', { team: 'a' }))]))).toEqual([])
  expect(compilation.apply([{ type: 'delete', key: 'Namespace//one' }])).toContainEqual({
    kind: 'route',
    key: 'x.test',
    value: null,
  })
})

function accumulate(records: Map<string, unknown>, changes: readonly RecordChange[]): Map<string, unknown> {
  for (const { kind, key, value } of changes) {
    if (value === null) records.delete(`${kind} ${key}`)
    else records.set(`${kind} ${key}`, value)
  }
  return records
}
