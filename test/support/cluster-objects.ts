import * as fc from 'fast-check'
import type { ObjectChange } from '../../src/compile/compilation.ts'
import { type KubeObject, keyOf, parseObject } from '../../src/model/objects/object.ts'
import { goldenSecret } from './pairs.ts'

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
      'z.x.test',
      '*.z.x.test',
      '-',
    ),
    'postern.dev/path': fc.constantFrom('/', '/api', '/api/', '/api/v1', 'api'),
    'postern.dev/port': fc.constantFrom('80', '81', 'http', 'none'),
    'postern.dev/target': fc.constantFrom('pod', 'node'),
    'postern.dev/tls-secret': fc.constantFrom('a', 'b', 'a,b', 'one/a'),
  },
  { requiredKeys: [] },
)

const service = fc
  .record({
    meta,
    ages,
    annotations,
    app: names,
    type: fc.constantFrom('ClusterIP', 'ClusterIP', 'NodePort', 'LoadBalancer'),
    targetPort: fc.constantFrom(undefined, 'http', 'none', 8080),
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
      type: some.type,
      ports: some.ports.map((port) => ({
        name: `p${port}`,
        port,
        targetPort: some.targetPort,
        nodePort: some.type === 'ClusterIP' ? undefined : 30_000 + port,
      })),
    },
  }))

const addresses = fc.constantFrom('10.244.0.1', '10.244.0.2', '192.0.2.1')
const target = fc.record({
  kind: fc.constantFrom('Pod', 'Pod', 'Pod', 'Other'),
  name: names,
  uid: fc.constantFrom('', 'u'),
})

export const slice = fc
  .record({
    meta,
    service: names,
    ready: fc.boolean(),
    type: fc.constantFrom('IPv4', 'IPv4', 'IPv4', 'FQDN'),
    port: fc.constantFrom('p80', 'p80', 'p81', ''),
    endpoints: fc.array(fc.tuple(addresses, fc.option(target)), { minLength: 1, maxLength: 3 }),
  })
  .map((some) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...some.meta, labels: { 'kubernetes.io/service-name': some.service } },
    addressType: some.type,
    ports: [{ name: some.port, port: 8080 }],
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
    containerPort: fc.constantFrom(8080, 9090),
    waiting: fc.constantFrom(undefined, { reason: 'CrashLoopBackOff' }),
  })
  .map((some) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...some.meta, uid: some.uid, labels: some.labels },
    spec: {
      hostNetwork: some.hostNetwork,
      containers: [{ ports: [{ name: 'http', containerPort: some.containerPort }] }],
    },
    status: {
      podIP: some.podIP,
      conditions: [{ type: 'Ready', status: some.ready }],
      containerStatuses: [{ name: 'app', state: { waiting: some.waiting } }],
    },
  }))

const peers = fc.constantFrom(
  [],
  [{ ipBlock: { cidr: '0.0.0.0/0' } }],
  [{ ipBlock: { cidr: '192.0.2.0/24' } }],
  [{ namespaceSelector: { matchLabels: { team: 'edge' } } }],
  [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'gateway' } } }],
)

const policy = fc
  .record({
    meta,
    labels,
    port: fc.constantFrom(8080, 'http', 'none'),
    rules: fc.array(peers, { maxLength: 2 }),
    types: fc.constantFrom(['Ingress'], ['Ingress'], ['Egress']),
  })
  .map((some) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: some.meta,
    spec: {
      podSelector: { matchLabels: some.labels },
      policyTypes: some.types,
      ingress: some.rules.map((from) => ({ from, ports: [{ port: some.port }] })),
    },
  }))

const deployment = fc.record({ meta, labels, port: fc.constantFrom(8080, 9090) }).map((some) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: some.meta,
  spec: {
    template: {
      metadata: { labels: some.labels },
      spec: { containers: [{ ports: [{ name: 'http', containerPort: some.port }] }] },
    },
  },
}))

const node = fc.record({ name: names, address: addresses }).map((some) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: some.name },
  status: { addresses: [{ type: 'InternalIP', address: some.address }] },
}))

/** The gateways' own (test/support/compile.ts) among them. */
const namespace = fc
  .record({
    name: fc.constantFrom('one', 'two', 'postern'),
    team: fc.constantFrom('edge', 'other'),
    allowed: fc.option(fc.constantFrom('x.test', '*.test', 'y.test', '-')),
  })
  .map((some) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: some.name,
      labels: { team: some.team },
      annotations: some.allowed === null ? {} : { 'postern.dev/allowed-hosts': some.allowed },
    },
  }))

const pairs = ['shop-example-com', 'other', 'mismatched', 'opaque', 'half'].map(goldenSecret)
const secret = fc.record({ meta, pair: fc.constantFrom(...pairs) }).map(({ meta, pair }) => ({
  apiVersion: 'v1',
  ...{ kind: 'Secret', metadata: meta, type: pair.type, data: pair.data },
}))

export const object = fc
  .oneof(
    { weight: 4, arbitrary: service },
    { weight: 4, arbitrary: slice },
    { weight: 3, arbitrary: pod },
    { weight: 2, arbitrary: policy },
    { weight: 2, arbitrary: namespace },
    deployment,
    node,
    secret,
  )
  .map(parsed)

export const change = fc.oneof(
  { weight: 3, arbitrary: object.map((put): ObjectChange => ({ type: 'put', object: put })) },
  { weight: 1, arbitrary: object.map((gone): ObjectChange => ({ type: 'delete', key: keyOf(gone) })) },
)

/** Objects that belong together: two exposed Services on hosts that overlap, and Pods behind them. */
export const linked = fc
  .record({
    hosts: fc.constantFrom(['x.test', 'y.test'], ['*.x.test', 'z.x.test'], ['x.test', 'x.test']),
    paths: fc.constantFrom(['/', '/'], ['/api', '/'], ['/api', '/api/v1']),
    isExposed: fc.tuple(fc.boolean(), fc.constant(true)),
    targetPorts: fc.tuple(fc.constantFrom('http', 8080), fc.constantFrom('http', 8080)),
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer'),
    hasPod: fc.boolean(),
    containerPort: fc.constantFrom(8080, 9090),
    portName: fc.constantFrom('http', 'admin'),
    rules: fc.tuple(fc.array(peers, { maxLength: 1 }), fc.array(peers, { maxLength: 1 })),
    team: fc.constantFrom('edge', 'other'),
    hostNetwork: fc.boolean(),
  })
  .map(({ hosts, paths, isExposed, hasPod, ...some }) => {
    const own = (name: string) => ({ namespace: 'one', name })
    const containers = [{ ports: [{ name: some.portName, containerPort: some.containerPort }] }]
    const services = hosts.map((host, i) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...own(`${i}`),
        annotations: {
          'postern.dev/expose': `${isExposed[i]}`,
          'postern.dev/host': host,
          'postern.dev/path': paths[i],
          'postern.dev/target': 'pod',
        },
      },
      spec: {
        type: some.type,
        selector: { app: 'a' },
        ports: [{ port: 80, targetPort: some.targetPorts[i] }],
      },
    }))
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...own('a'), uid: 'u', labels: { app: 'a' } },
      spec: { hostNetwork: some.hostNetwork, containers },
      status: { podIP: '10.244.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
    }
    const slices = hosts.map((_host, i) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...own(`s${i}`), labels: { 'kubernetes.io/service-name': `${i}` } },
      addressType: 'IPv4',
      ports: [{ port: 8080 }],
      endpoints: [{ addresses: ['10.244.0.1'], targetRef: { kind: 'Pod', name: 'a', uid: 'u' } }],
    }))
    const maker = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: own('a'),
      spec: { template: { metadata: { labels: { app: 'a' } }, spec: { containers } } },
    }
    const guards = ['a', 'b'].map((name, i) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: own(name),
      spec: { podSelector: {}, ingress: some.rules[i]?.map((from) => ({ from })) },
    }))
    const edge = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'postern', labels: { team: some.team } },
    }
    return [...services, ...(hasPod ? [pod, ...slices] : [maker]), ...guards, edge].map(parsed)
  })

function parsed(raw: unknown): KubeObject {
  const outcome = parseObject(raw)
  if (outcome.type !== 'object')
    throw new Error(`The generator made a bad object: ${JSON.stringify(outcome)}`)
  return outcome.object
}
