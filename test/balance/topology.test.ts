import { expect, test } from 'vitest'
import { eligibleEndpoints } from '../../src/balance/eligible.ts'
import { nowhere } from '../../src/balance/place.ts'
import type { EndpointRecord, NodeRecord, ServiceRecord } from '../../src/model/records.ts'
import { webService } from '../support/records.ts'

/**
 * The cases of TestCategorizeEndpoints in kubernetes/kubernetes v1.35.4 `pkg/proxy/topology_test.go`, as data. `cluster`
 * is what kube-proxy uses there under the Cluster policy, and what a gateway at that place uses of the Pods. `local` is
 * what it uses under externalTrafficPolicy Local: a gateway that sends to nodes uses the node where that is not empty.
 *
 * The policy for callers inside is not ours to honour: of the cases in which it is Local (`iTP: Local`) those stand here
 * that say something of callers from outside as well. Left out are the six that say nothing of them ("internalTrafficPolicy:
 * Local, with empty endpoints | but all endpoints are remote | all endpoints are local | some endpoints are local", "no
 * cluster endpoints for iTP:Local internal-only service", "PreferSameNode falls back to same-zone when feature gate
 * disabled"), and what is reachable from a node under either policy, which only a node asks.
 */
interface Case {
  readonly name: string
  readonly node?: string
  readonly zone?: string
  readonly endpoints: readonly EndpointRecord[]
  readonly cluster: readonly string[]
  readonly local?: readonly string[]
}

const HERE = 'here'
const zoned = (address: string, zone: string, more: Partial<EndpointRecord> = {}): EndpointRecord =>
  endpoint(address, { forZones: [zone], ...more })
const onNode = (address: string, zone: string, node: string): EndpointRecord =>
  zoned(address, zone, { forNodes: [node] })
const unready = { ready: false, serving: false }
const leaving = { ready: false, serving: true, terminating: true }
const isLocal = { node: HERE }

const threeZones = [
  zoned('10.1.2.3', 'zone-a'),
  zoned('10.1.2.4', 'zone-b'),
  zoned('10.1.2.5', 'zone-c'),
  zoned('10.1.2.6', 'zone-a'),
]
const fourNodes = [
  onNode('10.1.2.3', 'zone-a', 'node-1'),
  onNode('10.1.2.4', 'zone-b', 'node-2'),
  onNode('10.1.2.5', 'zone-c', 'node-3'),
  onNode('10.1.2.6', 'zone-a', 'node-4'),
]

const cases: readonly Case[] = [
  {
    name: 'should use topology since all endpoints have hints, the node has a zone, and there are endpoints for it',
    zone: 'zone-a',
    endpoints: threeZones,
    cluster: ['10.1.2.3', '10.1.2.6'],
  },
  {
    name: 'externalTrafficPolicy: Local, topology ignored for Local endpoints',
    zone: 'zone-a',
    endpoints: [
      zoned('10.1.2.3', 'zone-a', isLocal),
      zoned('10.1.2.4', 'zone-b', isLocal),
      zoned('10.1.2.5', 'zone-c'),
      zoned('10.1.2.6', 'zone-a'),
    ],
    cluster: ['10.1.2.3', '10.1.2.6'],
    local: ['10.1.2.3', '10.1.2.4'],
  },
  {
    name: 'internalTrafficPolicy: Local, topology ignored for Local endpoints',
    zone: 'zone-a',
    endpoints: [
      zoned('10.1.2.3', 'zone-a', isLocal),
      zoned('10.1.2.4', 'zone-b', isLocal),
      zoned('10.1.2.5', 'zone-c'),
      zoned('10.1.2.6', 'zone-a'),
    ],
    cluster: ['10.1.2.3', '10.1.2.6'],
  },
  { name: 'empty node labels', endpoints: [zoned('10.1.2.3', 'zone-a')], cluster: ['10.1.2.3'] },
  { name: 'empty zone label', zone: '', endpoints: [zoned('10.1.2.3', 'zone-a')], cluster: ['10.1.2.3'] },
  {
    name: 'node in different zone, no endpoint filtering',
    zone: 'zone-b',
    endpoints: [zoned('10.1.2.3', 'zone-a')],
    cluster: ['10.1.2.3'],
  },
  {
    name: 'unready endpoint',
    zone: 'zone-a',
    endpoints: [...threeZones.slice(0, 3), zoned('10.1.2.6', 'zone-a', unready)],
    cluster: ['10.1.2.3'],
  },
  {
    name: 'only unready endpoints in same zone (should not filter)',
    zone: 'zone-a',
    endpoints: [
      zoned('10.1.2.3', 'zone-a', unready),
      ...threeZones.slice(1, 3),
      zoned('10.1.2.6', 'zone-a', unready),
    ],
    cluster: ['10.1.2.4', '10.1.2.5'],
  },
  {
    name: 'missing hints, no filtering applied',
    zone: 'zone-a',
    endpoints: [...threeZones.slice(0, 2), endpoint('10.1.2.5'), ...threeZones.slice(3)],
    cluster: ['10.1.2.3', '10.1.2.4', '10.1.2.5', '10.1.2.6'],
  },
  {
    name: 'multiple hints per endpoint, filtering includes any endpoint with zone included',
    zone: 'zone-c',
    endpoints: [
      endpoint('10.1.2.3', { forZones: ['zone-a', 'zone-b', 'zone-c'] }),
      endpoint('10.1.2.4', { forZones: ['zone-b', 'zone-c'] }),
      endpoint('10.1.2.5', { forZones: ['zone-b', 'zone-d'] }),
      zoned('10.1.2.6', 'zone-c'),
    ],
    cluster: ['10.1.2.3', '10.1.2.4', '10.1.2.6'],
  },
  {
    name: 'PreferSameNode available',
    node: 'node-1',
    zone: 'zone-a',
    endpoints: fourNodes,
    cluster: ['10.1.2.3'],
  },
  {
    name: 'PreferSameNode ignored if some endpoints unhinted',
    node: 'node-1',
    zone: 'zone-a',
    endpoints: [...fourNodes.slice(0, 1), endpoint('10.1.2.4'), ...fourNodes.slice(2)],
    cluster: ['10.1.2.3', '10.1.2.4', '10.1.2.5', '10.1.2.6'],
  },
  {
    name: 'PreferSameNode falls back to PreferSameZone if no endpoint for node',
    node: 'node-0',
    zone: 'zone-a',
    endpoints: fourNodes,
    cluster: ['10.1.2.3', '10.1.2.6'],
  },
  {
    name: 'conflicting topology and localness require merging allEndpoints',
    zone: 'zone-a',
    endpoints: [
      zoned('10.0.0.0', 'zone-a', isLocal),
      zoned('10.0.0.1', 'zone-b', isLocal),
      zoned('10.0.0.2', 'zone-a'),
      zoned('10.0.0.3', 'zone-b'),
    ],
    cluster: ['10.0.0.0', '10.0.0.2'],
    local: ['10.0.0.0', '10.0.0.1'],
  },
  {
    name: 'Cluster traffic policy, endpoints not Ready',
    endpoints: [endpoint('10.0.0.0', unready), endpoint('10.0.0.1', unready)],
    cluster: [],
  },
  {
    name: 'Cluster traffic policy, some endpoints are Ready',
    endpoints: [endpoint('10.0.0.0', unready), endpoint('10.0.0.1')],
    cluster: ['10.0.0.1'],
  },
  {
    name: 'Cluster traffic policy, all endpoints are terminating',
    endpoints: [endpoint('10.0.0.0', { ...leaving, ...isLocal }), endpoint('10.0.0.1', leaving)],
    cluster: ['10.0.0.0', '10.0.0.1'],
  },
  {
    name: 'iTP: Local, eTP: Cluster, some endpoints local',
    endpoints: [endpoint('10.0.0.0', isLocal), endpoint('10.0.0.1')],
    cluster: ['10.0.0.0', '10.0.0.1'],
  },
  ...['iTP: Cluster, eTP: Local', 'iTP: Local, eTP: Local'].map((policies) => ({
    name: `${policies}, some endpoints local`,
    endpoints: [endpoint('10.0.0.0', isLocal), endpoint('10.0.0.1')],
    cluster: ['10.0.0.0', '10.0.0.1'],
    local: ['10.0.0.0'],
  })),
  {
    name: 'iTP: Local, eTP: Local, all endpoints remote',
    endpoints: [endpoint('10.0.0.0'), endpoint('10.0.0.1')],
    cluster: ['10.0.0.0', '10.0.0.1'],
    local: [],
  },
  {
    name: 'iTP: Local, eTP: Local, all endpoints remote and terminating',
    endpoints: [endpoint('10.0.0.0', leaving), endpoint('10.0.0.1', leaving)],
    cluster: ['10.0.0.0', '10.0.0.1'],
    local: [],
  },
  {
    name: 'externalTrafficPolicy ignored if not externally accessible',
    endpoints: [endpoint('10.0.0.0'), endpoint('10.0.0.1', isLocal)],
    cluster: ['10.0.0.0', '10.0.0.1'],
  },
  { name: 'empty endpoints when no service endpoints exist', endpoints: [], cluster: [], local: [] },
]

const slicesOf = (endpoints: readonly EndpointRecord[]) => [
  { family: 'IPv4' as const, ports: [{ name: '', port: 80 }], endpoints: [...endpoints] },
]

test.each(cases)('Pods: $name', ({ node, zone, endpoints, cluster }) => {
  const place = { ...nowhere, node, zone }
  const eligible = eligibleEndpoints(service({ type: 'pod' }), slicesOf(endpoints), new Map(), place)
  expect(eligible.map(({ address }) => address).sort()).toEqual(cluster)
})

const localCases = cases.flatMap((each) => (each.local === undefined ? [] : { ...each, local: each.local }))

test.each(localCases)('the node, under Local: $name', ({ endpoints, local }) => {
  const target = { type: 'node', nodePort: 30080, onlyLocal: true } as const
  const nodes = new Map<string, NodeRecord>([
    [HERE, { addresses: ['192.0.2.1'], ready: true, excluded: false }],
  ])
  const eligible = eligibleEndpoints(service(target), slicesOf(endpoints), nodes, nowhere)
  expect(eligible).toHaveLength(local.length === 0 ? 0 : 1)
})

/**
 * The case "iTP: Cluster, eTP: Local, with terminating endpoints" is where we part: kube-proxy lets a node with only
 * terminating endpoints serve what still arrives, but its health check port answers 503, so that load balancers go to a
 * node with a ready one. We are the load balancer.
 */
test('a node whose only local endpoints are terminating is passed over while another node has a ready one', () => {
  const slices = slicesOf([
    endpoint('10.0.0.0', { node: 'there' }),
    endpoint('10.0.0.1', { ...unready, ...isLocal }),
    endpoint('10.0.0.2', { ...leaving, ...isLocal }),
  ])
  const node = (address: string): NodeRecord => ({ addresses: [address], ready: true, excluded: false })
  const nodes = new Map([
    [HERE, node('192.0.2.1')],
    ['there', node('192.0.2.2')],
  ])
  const target = { type: 'node', nodePort: 30080, onlyLocal: true } as const
  const eligible = eligibleEndpoints(service(target), slices, nodes, nowhere)
  expect(eligible.map((each) => each.node)).toEqual(['there'])
})

test('spill-over keeps the endpoints of other zones at hand, marked', () => {
  const spilling = { ...service({ type: 'pod' }), spillOver: 10 }
  const eligible = eligibleEndpoints(spilling, slicesOf(threeZones), new Map(), {
    ...nowhere,
    zone: 'zone-a',
  })
  expect(eligible.map(({ address, isFar }) => [address, isFar])).toEqual([
    ['10.1.2.3', false],
    ['10.1.2.4', true],
    ['10.1.2.5', true],
    ['10.1.2.6', false],
  ])
})

function endpoint(address: string, more: Partial<EndpointRecord> = {}): EndpointRecord {
  return { address, ready: true, serving: true, terminating: false, ...more }
}

function service(target: ServiceRecord['target']): ServiceRecord {
  return { ...webService, target }
}
