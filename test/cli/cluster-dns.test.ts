import * as v from 'valibot'
import { expect, test } from 'vitest'
import { type DnsRecord, dnsRecords } from '../../src/cli/cluster-dns.ts'
import { type EndpointSlice, endpointSliceSchema } from '../../src/model/objects/endpoint-slice.ts'
import { type KubeObject, parseObject } from '../../src/model/objects/object.ts'

/**
 * Kubernetes DNS-Based Service Discovery 1.1.0 (kubernetes/dns, docs/specification.md), case by case; where the
 * specification gives an answer as an example, that is the one expected here.
 */
interface Case {
  readonly section: string
  readonly title: string
  readonly name: string
  readonly namespace?: string
  readonly spec: object
  readonly endpoints?: readonly object[]
  readonly addressType?: 'IPv4' | 'IPv6'
  readonly zone?: string
  /** `name type data`, all of them. */
  readonly records: readonly string[]
}

const HTTPS = { name: 'https', port: 443 }
const KUBERNETES = 'kubernetes.default.svc.cluster.local'
const HEADLESS = 'headless.default.svc.cluster.local'

const cases: readonly Case[] = [
  {
    section: '2.3.1, 2.3.2, 2.3.3',
    title: 'a Service with a cluster IP: A, SRV of a named port, PTR',
    name: 'kubernetes',
    spec: { clusterIP: '10.3.0.1', ports: [HTTPS] },
    records: [
      `${KUBERNETES} A 10.3.0.1`,
      `_https._tcp.${KUBERNETES} SRV 443 ${KUBERNETES}`,
      `1.0.3.10.in-addr.arpa PTR ${KUBERNETES}`,
    ],
  },
  {
    section: '2.3.1, 2.3.3',
    title: 'IPv6: AAAA, and PTR by nibbles',
    name: 'kubernetes',
    spec: { clusterIP: '2001:db8::1', ports: [] },
    records: [
      `${KUBERNETES} AAAA 2001:db8::1`,
      `1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR ${KUBERNETES}`,
    ],
  },
  {
    section: '2.3.1',
    title: 'two families: A and AAAA',
    name: 'kubernetes',
    spec: { clusterIP: '10.3.0.1', clusterIPs: ['10.3.0.1', '2001:db8::1'], ports: [] },
    records: [
      `${KUBERNETES} A 10.3.0.1`,
      `${KUBERNETES} AAAA 2001:db8::1`,
      `1.0.3.10.in-addr.arpa PTR ${KUBERNETES}`,
      `1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR ${KUBERNETES}`,
    ],
  },
  {
    section: '2.3.2',
    title: 'each named port by its own protocol, an unnamed one not at all',
    name: 'dns',
    namespace: 'kube-system',
    spec: {
      clusterIP: '10.3.0.10',
      ports: [{ name: 'dns', port: 53, protocol: 'UDP' }, { name: 'dns-tcp', port: 53 }, { port: 9153 }],
    },
    records: [
      'dns.kube-system.svc.cluster.local A 10.3.0.10',
      '_dns._udp.dns.kube-system.svc.cluster.local SRV 53 dns.kube-system.svc.cluster.local',
      '_dns-tcp._tcp.dns.kube-system.svc.cluster.local SRV 53 dns.kube-system.svc.cluster.local',
      '10.0.3.10.in-addr.arpa PTR dns.kube-system.svc.cluster.local',
    ],
  },
  {
    section: '2.1',
    title: 'the zone is the configured cluster domain',
    name: 'web',
    spec: { clusterIP: '10.3.0.1', ports: [] },
    zone: 'k8s.example',
    records: [
      'web.default.svc.k8s.example A 10.3.0.1',
      '1.0.3.10.in-addr.arpa PTR web.default.svc.k8s.example',
    ],
  },
  {
    section: '2.4.1',
    title: 'a headless Service: A for each ready endpoint, by the Service and by its hostname',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [] },
    endpoints: [
      { addresses: ['10.3.0.1'], hostname: 'my-pet', conditions: { ready: true } },
      { addresses: ['10.3.0.2'], hostname: 'my-pet-2' },
      { addresses: ['10.3.0.3'], hostname: 'my-pet-3', conditions: { ready: false } },
    ],
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `${HEADLESS} A 10.3.0.2`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `my-pet-2.${HEADLESS} A 10.3.0.2`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
      `2.0.3.10.in-addr.arpa PTR my-pet-2.${HEADLESS}`,
    ],
  },
  {
    section: '2.4.1',
    title: 'several addresses of one hostname: one A each',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [] },
    endpoints: [
      { addresses: ['10.3.0.1'], hostname: 'my-pet' },
      { addresses: ['10.3.0.2'], hostname: 'my-pet' },
    ],
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `${HEADLESS} A 10.3.0.2`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `my-pet.${HEADLESS} A 10.3.0.2`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
      `2.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
    ],
  },
  {
    section: '2.4.1',
    title: 'no ready endpoint: no such name',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [HTTPS] },
    endpoints: [{ addresses: ['10.3.0.1'], hostname: 'my-pet', conditions: { ready: false } }],
    records: [],
  },
  {
    section: '2.1',
    title: 'publishNotReadyAddresses: every endpoint counts as ready',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [], publishNotReadyAddresses: true },
    endpoints: [{ addresses: ['10.3.0.1'], hostname: 'my-pet', conditions: { ready: false } }],
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
    ],
  },
  {
    section: '2.1',
    title: 'an endpoint without a hostname has a name that only the cluster’s DNS knows: none is made up',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [HTTPS] },
    endpoints: [
      { addresses: ['10.3.0.1'], targetRef: { kind: 'Pod', namespace: 'default', name: 'pod-1', uid: 'u' } },
    ],
    records: [`${HEADLESS} A 10.3.0.1`],
  },
  {
    section: '2.4.1, 2.4.3',
    title: 'a headless Service of IPv6 endpoints: AAAA and PTR',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [] },
    addressType: 'IPv6',
    endpoints: [{ addresses: ['2001:db8::1'], hostname: 'my-pet' }],
    records: [
      `${HEADLESS} AAAA 2001:db8::1`,
      `my-pet.${HEADLESS} AAAA 2001:db8::1`,
      `1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR my-pet.${HEADLESS}`,
    ],
  },
  {
    section: '2.4.2',
    title: 'SRV for each pair of ready endpoint and named port',
    name: 'headless',
    spec: { clusterIP: 'None', ports: [HTTPS, { name: 'http', port: 80 }, { port: 9000 }] },
    endpoints: [
      { addresses: ['10.3.0.1'], hostname: 'my-pet' },
      { addresses: ['10.3.0.2'], hostname: 'my-pet-2' },
    ],
    records: [
      `${HEADLESS} A 10.3.0.1`,
      `${HEADLESS} A 10.3.0.2`,
      `my-pet.${HEADLESS} A 10.3.0.1`,
      `my-pet-2.${HEADLESS} A 10.3.0.2`,
      `_https._tcp.${HEADLESS} SRV 443 my-pet.${HEADLESS}`,
      `_https._tcp.${HEADLESS} SRV 443 my-pet-2.${HEADLESS}`,
      `_http._tcp.${HEADLESS} SRV 80 my-pet.${HEADLESS}`,
      `_http._tcp.${HEADLESS} SRV 80 my-pet-2.${HEADLESS}`,
      `1.0.3.10.in-addr.arpa PTR my-pet.${HEADLESS}`,
      `2.0.3.10.in-addr.arpa PTR my-pet-2.${HEADLESS}`,
    ],
  },
  {
    section: '2.5',
    title: 'ExternalName: CNAME, and nothing else',
    name: 'foo',
    spec: { type: 'ExternalName', externalName: 'www.example.com', ports: [HTTPS] },
    records: ['foo.default.svc.cluster.local CNAME www.example.com'],
  },
]

test.each(cases)('§$section: $title', ({ name, namespace = 'default', spec, zone, records, ...rest }) => {
  const service = read({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec })
  if (service.kind !== 'Service') throw new Error(`a ${service.kind}`)
  const found = dnsRecords(service, [sliceOf(rest)], zone ?? 'cluster.local')
  expect(found.map(textOf).sort()).toEqual([...records].sort())
})

test('a cluster IP that the cluster has not assigned yet: the name stands, without an address', () => {
  const service = read({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { ports: [], ipFamilies: ['IPv6', 'IPv4'] },
  })
  if (service.kind !== 'Service') throw new Error(`a ${service.kind}`)
  const name = 'web.default.svc.cluster.local'
  expect(dnsRecords(service, [], 'cluster.local')).toEqual([
    { name, type: 'AAAA', data: null },
    { name, type: 'A', data: null },
  ])
})

function sliceOf({ endpoints = [], addressType = 'IPv4' }: Partial<Case>): EndpointSlice {
  return v.parse(endpointSliceSchema, {
    kind: 'EndpointSlice',
    meta: { name: 's' },
    addressType,
    endpoints,
  })
}

function read(raw: unknown): KubeObject {
  const parsed = parseObject(raw)
  if (parsed.type !== 'object') throw new Error(JSON.stringify(parsed))
  return parsed.object
}

function textOf({ name, type, data }: DnsRecord): string {
  return `${name} ${type} ${data}`
}
