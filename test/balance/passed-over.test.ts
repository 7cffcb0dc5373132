import { expect, test } from 'vitest'
import { eligibleEndpoints } from '../../src/balance/eligible.ts'
import { passedOver } from '../../src/balance/passed-over.ts'
import { nowhere, type Place } from '../../src/balance/place.ts'
import type { EndpointRecord, EndpointsRecord, NodeRecord, ServiceRecord } from '../../src/model/records.ts'
import { webService } from '../support/records.ts'

function slice(address: string, more: Partial<EndpointRecord> = {}): EndpointsRecord {
  return {
    family: address.includes(':') ? 'IPv6' : 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: [{ address, ready: true, serving: true, terminating: false, ...more }],
  }
}

function reasons(
  service: ServiceRecord,
  slices: readonly EndpointsRecord[],
  place: Place = nowhere,
  nodes: ReadonlyMap<string, NodeRecord> = new Map(),
): readonly string[] {
  const eligible = eligibleEndpoints(service, slices, nodes, place)
  return passedOver(service, slices, nodes, place, eligible).map(
    ({ address, reason }) => `${address}: ${reason}`,
  )
}

test('an endpoint of a family that the Service has not is out for that reason', () => {
  const service: ServiceRecord = { ...webService, families: ['IPv4'] }
  expect(reasons(service, [slice('fd00::1')])).toEqual(['fd00::1: the Service has no IPv6 (spec.ipFamilies)'])
  expect(reasons(service, [slice('fd00::1'), slice('10.0.0.1')])).toEqual([
    'fd00::1: the Service has no IPv6 (spec.ipFamilies)',
  ])
})

test('of two families of the Service the other one is out', () => {
  expect(reasons(webService, [slice('fd00::1'), slice('10.0.0.1')])).toEqual([
    'fd00::1: the Service is reached by IPv4 here',
  ])
})

test('an endpoint for callers elsewhere is told with whom it is meant for', () => {
  const slices = [slice('10.0.0.1', { forZones: ['a'] }), slice('10.0.0.2', { forZones: ['b', 'c'] })]
  expect(reasons(webService, slices, { ...nowhere, zone: 'a' })).toEqual([
    '10.0.0.2: it is meant for callers elsewhere (b, c)',
  ])
})

test('a terminating endpoint that is published all the same is not said to be past serving', () => {
  const slices = [
    slice('10.0.0.1', { forZones: ['a'] }),
    slice('10.0.0.2', { forZones: ['b'], terminating: true }),
  ]
  expect(reasons(webService, slices, { ...nowhere, zone: 'a' })).toEqual([
    '10.0.0.2: it is meant for callers elsewhere (b)',
  ])
})

test('a node without an address of the family of the Service is out for that reason', () => {
  const service: ServiceRecord = {
    ...webService,
    families: ['IPv6'],
    target: { type: 'node', nodePort: 30080, onlyLocal: false },
  }
  const nodes = new Map([['n', { addresses: ['192.0.2.1'], ready: true, excluded: false }]])
  expect(reasons(service, [slice('fd00::1')], nowhere, nodes)).toEqual([
    '192.0.2.1: the node has no address of IPv6',
  ])
})
