import * as v from 'valibot'
import { expect, test } from 'vitest'
import { type DnsRecord, dnsRecords } from '../../src/cli/cluster-dns.ts'
import { type EndpointSlice, endpointSliceSchema } from '../../src/model/objects/endpoint-slice.ts'
import { type KubeObject, parseObject } from '../../src/model/objects/object.ts'
import type { DnsSlice } from './dns-cases/case.ts'
import { clusterIpCases, externalNameCases } from './dns-cases/cluster-ip.ts'
import { headlessCases } from './dns-cases/headless.ts'

test.each([...clusterIpCases, ...headlessCases, ...externalNameCases])(
  '§$section: $title',
  ({ name, namespace = 'default', spec, slices = [], zone, records }) => {
    const service = read({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec })
    if (service.kind !== 'Service') throw new Error(`a ${service.kind}`)
    const found = dnsRecords(service, slices.map(sliceOf), zone ?? 'cluster.local')
    expect(found.map(textOf).sort()).toEqual([...records].sort())
  },
)

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

function sliceOf({ addressType, endpoints }: DnsSlice): EndpointSlice {
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
