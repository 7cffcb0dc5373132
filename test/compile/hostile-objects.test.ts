import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Compilation, type RecordChange } from '../../src/compile/compilation.ts'
import { Table } from '../../src/gateway/table.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import { keyOf, parseObject } from '../../src/model/objects/object.ts'
import { parseRecord } from '../../src/model/records.ts'
import { parseManifest } from '../../src/source/parse.ts'
import { compileOptions } from '../support/compile.ts'
import { type Json, mutated } from '../support/mutate.ts'

const meta = (name: string) => ({ name, namespace: 'shop', uid: 'u', labels: { app: 'web' } })
const containers = [{ name: 'app', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] }]
const selector = {
  matchLabels: { app: 'web' },
  matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }],
}

/** One whole object of each kind that is read. */
const WHOLE: readonly Json[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...meta('web'),
      creationTimestamp: '2024-01-01T00:00:00Z',
      annotations: {
        'postern.dev/expose': 'true',
        'postern.dev/host': 'web.example.com, *.web.example.com',
        'postern.dev/path': '/api',
        'postern.dev/path-type': 'prefix',
        'postern.dev/port': 'http',
        'postern.dev/strip-prefix': 'true',
        'postern.dev/timeout': '30s',
        'postern.dev/target': 'pod',
      },
    },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      externalIPs: ['192.0.2.1'],
      ports: [
        { name: 'http', protocol: 'TCP', port: 80, targetPort: 'http', nodePort: 30080, appProtocol: 'http' },
      ],
      selector: { app: 'web' },
      ipFamilies: ['IPv4'],
      externalTrafficPolicy: 'Local',
      sessionAffinity: 'ClientIP',
      loadBalancerClass: 'postern.dev/gateway',
      loadBalancerSourceRanges: ['203.0.113.0/24'],
    },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...meta('web-1'), labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: ['10.244.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'node-1',
        zone: 'a',
        hints: { forZones: [{ name: 'a' }] },
        targetRef: { kind: 'Pod', namespace: 'shop', name: 'web', uid: 'u' },
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta('web'),
    spec: {
      nodeName: 'node-1',
      hostNetwork: false,
      containers,
      initContainers: [{ restartPolicy: 'Always' }],
    },
    status: {
      phase: 'Running',
      podIP: '10.244.0.1',
      podIPs: [{ ip: '10.244.0.1' }],
      conditions: [{ type: 'Ready', status: 'False', message: 'no' }],
      containerStatuses: [{ name: 'app', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': 'a' } },
    status: {
      addresses: [{ type: 'InternalIP', address: '192.0.2.10' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'postern', labels: { team: 'edge' } } },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: meta('web'),
    spec: {
      podSelector: selector,
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            { ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] } },
            { namespaceSelector: selector, podSelector: selector },
          ],
          ports: [
            { protocol: 'TCP', port: 'http' },
            { port: 8080, endPort: 8090 },
          ],
        },
      ],
    },
  },
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: meta('web'),
    spec: { replicas: 2, template: { metadata: { labels: { app: 'web' } }, spec: { containers } } },
  })),
]

/** In a namespace of its own, so that nothing of the others may touch it. */
const BYSTANDER = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'bystander', namespace: 'good', annotations: { 'postern.dev/expose': 'true' } },
  spec: { ports: [{ port: 80 }] },
}

const objects = fc.array(
  fc.constantFrom(...WHOLE).chain((whole) => mutated(whole)),
  { minLength: 1, maxLength: 8 },
)

function outcomeOf(raws: readonly unknown[]) {
  const compilation = new Compilation(compileOptions)
  const keys: string[] = []
  const changes: RecordChange[] = []
  // One by one: an object meets every state that those before it have made.
  for (const raw of raws) {
    const parsed = parseObject(raw)
    if (parsed.type === 'ignored') continue
    if (parsed.type === 'object') {
      keys.push(keyOf(parsed.object))
      changes.push(...compilation.apply([{ type: 'put', object: parsed.object }]))
    } else {
      expect(parsed.problems.length).toBeGreaterThan(0)
      changes.push(...compilation.apply([{ type: 'found', facet: 'x', problems: parsed.problems }]))
    }
  }
  return { compilation, keys, changes }
}

test('objects with missing, wrong and hostile fields give only records and problems, and stop nothing else', () => {
  fc.assert(
    fc.property(objects, (raws) => {
      const { changes } = outcomeOf([...raws, BYSTANDER])
      const table = new Table()
      for (const { kind, key, value } of changes) {
        const text = value === null ? null : encodeCanonical(value)
        if (text !== null) expect(parseRecord(kind, key, text)).toMatchObject({ ok: true })
        table.apply([{ kind, key, text }])
      }
      expect(table.route('bystander.good.example.test')?.rules).toHaveLength(1)
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('hostile objects that are taken away leave nothing behind', () => {
  fc.assert(
    fc.property(objects, (raws) => {
      const { compilation, keys, changes } = outcomeOf(raws)
      const deletes = keys.map((key) => ({ type: 'delete', key }) as const)
      const after = compilation.apply([...deletes, { type: 'found', facet: 'x', problems: [] }])
      const left = new Set<string>()
      for (const { kind, key, value } of [...changes, ...after]) {
        if (value === null) left.delete(`${kind} ${key}`)
        else left.add(`${kind} ${key}`)
      }
      expect([...left]).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('a manifest of hostile objects is read, and each problem can be placed', () => {
  fc.assert(
    fc.property(objects, (raws) => {
      const { objects: found, problems } = parseManifest(
        raws.map((raw) => JSON.stringify(raw)).join('\n---\n'),
        'x',
      )
      for (const { line } of problems) expect(line).toBeGreaterThan(0)
      for (const { place } of found) expect(place.lineOf('metadata.annotations["x"]')).toBeGreaterThan(0)
    }),
    { numRuns: 30 },
  )
})
