import { expect, test } from 'vitest'
import { eligibleEndpoints } from '../../src/balance/eligible.ts'
import { nowhere, type Place } from '../../src/balance/place.ts'
import type { EndpointRecord, EndpointsRecord, NodeRecord, ServiceRecord } from '../../src/model/records.ts'
import { webService as service } from '../support/records.ts'

const onNodes = (onlyLocal: boolean): ServiceRecord => ({
  ...service,
  target: { type: 'node', nodePort: 30080, onlyLocal },
})

type State = 'ready' | 'unready' | 'leaving' | 'gone'

function pod(address: string, state: State = 'ready', node?: string): EndpointRecord {
  const terminating = state === 'leaving' || state === 'gone'
  const serving = state === 'ready' || state === 'leaving'
  return { address, ready: state === 'ready', serving, terminating, ...(node === undefined ? {} : { node }) }
}

function slice(endpoints: EndpointRecord[], family: 'IPv4' | 'IPv6' = 'IPv4', port = 8080): EndpointsRecord {
  return { family, ports: [{ name: '', port }], endpoints }
}

const keys = (slices: EndpointsRecord[], of = service, nodes = new Map<string, NodeRecord>()) =>
  eligibleEndpoints(of, slices, nodes, nowhere).map((endpoint) => endpoint.key)

test('only ready endpoints serve while there is one', () => {
  const slices = [slice([pod('10.0.0.1'), pod('10.0.0.2', 'unready'), pod('10.0.0.3', 'leaving')])]
  expect(keys(slices)).toEqual(['10.0.0.1:8080'])
})

test('a terminating endpoint serves when nothing else is ready', () => {
  const slices = [slice([pod('10.0.0.2', 'unready'), pod('10.0.0.3', 'leaving'), pod('10.0.0.4', 'gone')])]
  expect(keys(slices)).toEqual(['10.0.0.3:8080'])
})

test('a ready endpoint in another slice keeps terminating ones out', () => {
  expect(keys([slice([pod('10.0.0.3', 'leaving')]), slice([pod('10.0.0.1')])])).toEqual(['10.0.0.1:8080'])
})

test('endpoints that are neither ready nor leaving do not serve', () => {
  expect(keys([slice([pod('10.0.0.2', 'unready'), pod('10.0.0.4', 'gone')])])).toEqual([])
  expect(keys([])).toEqual([])
})

test('an endpoint that stands in two slices counts once', () => {
  expect(keys([slice([pod('10.0.0.1')]), slice([pod('10.0.0.1')])])).toEqual(['10.0.0.1:8080'])
})

test('of two families IPv4 serves', () => {
  expect(keys([slice([pod('fd00::1')], 'IPv6'), slice([pod('10.0.0.1')])])).toEqual(['10.0.0.1:8080'])
})

test('ipFamilies says which family comes first, and the next one serves where that has no endpoint', () => {
  const slices = [slice([pod('10.0.0.1')]), slice([pod('fd00::1')], 'IPv6')]
  const sixFirst: ServiceRecord = { ...service, families: ['IPv6', 'IPv4'] }
  expect(keys(slices, sixFirst)).toEqual(['[fd00::1]:8080'])
  expect(keys(slices.slice(0, 1), sixFirst)).toEqual(['10.0.0.1:8080'])
  expect(keys(slices, { ...service, families: ['IPv6'] })).toEqual(['[fd00::1]:8080'])
})

test('a family that the gateway cannot reach is passed over', () => {
  const slices = [slice([pod('10.0.0.1')]), slice([pod('fd00::1')], 'IPv6')]
  const onlySix: Place = { ...nowhere, families: ['IPv6'] }
  expect(eligibleEndpoints(service, slices, new Map(), onlySix).map(({ key }) => key)).toEqual([
    '[fd00::1]:8080',
  ])
  const four: ServiceRecord = { ...service, families: ['IPv4'] }
  expect(eligibleEndpoints(four, slices, new Map(), onlySix)).toEqual([])
})

test('an IPv6 address stands in brackets', () => {
  expect(keys([slice([pod('fd00::1')], 'IPv6')])).toEqual(['[fd00::1]:8080'])
})

test('slices may give a named port different numbers, and one without it is left out', () => {
  const named = (name: string, port: number, address: string): EndpointsRecord => ({
    family: 'IPv4',
    ports: [
      { name: 'metrics', port: 9 },
      { name, port },
    ],
    endpoints: [pod(address)],
  })
  const slices = [named('http', 1, '10.0.0.1'), named('http', 2, '10.0.0.2'), named('web', 3, '10.0.0.3')]
  expect(keys(slices, { ...service, portName: 'http' })).toEqual(['10.0.0.1:1', '10.0.0.2:2'])
})

const nodes = new Map<string, NodeRecord>([
  ['a', { addresses: ['192.0.2.1', '198.51.100.1'], ready: true, excluded: false, zone: 'z1' }],
  ['b', { addresses: ['192.0.2.2'], ready: true, excluded: false }],
  ['broken', { addresses: ['192.0.2.3'], ready: false, excluded: false }],
  ['excluded', { addresses: ['192.0.2.4'], ready: true, excluded: true }],
  ['nowhere', { addresses: [], ready: true, excluded: false }],
])

test('node targets are the first address of every ready node that is not excluded', () => {
  const slices = [slice([pod('10.0.0.1')])]
  expect(keys(slices, onNodes(false), nodes)).toEqual(['192.0.2.1:30080', '192.0.2.2:30080'])
  expect(eligibleEndpoints(onNodes(false), slices, nodes, nowhere)[0]).toMatchObject({
    node: 'a',
    zone: 'z1',
  })
})

test('Local: only nodes with a ready endpoint', () => {
  const slices = [slice([pod('10.0.0.1', 'unready', 'a'), pod('10.0.0.2', 'ready', 'b')])]
  expect(keys(slices, onNodes(true), nodes)).toEqual(['192.0.2.2:30080'])
})

test('Local: a node whose endpoint is leaving serves when none is ready', () => {
  const slices = [slice([pod('10.0.0.1', 'leaving', 'a'), pod('10.0.0.2', 'unready', 'b')])]
  expect(keys(slices, onNodes(true), nodes)).toEqual(['192.0.2.1:30080'])
})

test('Local: no endpoint, no node', () => {
  expect(keys([], onNodes(true), nodes)).toEqual([])
})

test('with no Pod behind it no node is asked', () => {
  expect(keys([], onNodes(false), nodes)).toEqual([])
  expect(keys([slice([pod('10.0.0.1', 'unready')])], onNodes(false), nodes)).toEqual([])
})

test('no node is asked while the NodePort also leads to an endpoint that was refused', () => {
  const slices = [slice([pod('10.0.0.1')]), { ...slice([]), refused: 1 }]
  expect(keys(slices, onNodes(false), nodes)).toEqual([])
  expect(keys(slices)).toEqual(['10.0.0.1:8080'])
})

test('a node is dialled in the family of the Service, whatever address it lists first', () => {
  const dual = new Map<string, NodeRecord>([
    ['a', { addresses: ['fd00::10', '192.0.2.1'], ready: true, excluded: false }],
    ['b', { addresses: ['fd00::11'], ready: true, excluded: false }],
  ])
  const four: ServiceRecord = { ...onNodes(false), families: ['IPv4'] }
  expect(keys([slice([pod('10.0.0.1')])], four, dual)).toEqual(['192.0.2.1:30080'])
  const six: ServiceRecord = { ...onNodes(false), families: ['IPv6', 'IPv4'] }
  expect(keys([slice([pod('10.0.0.1')])], six, dual)).toEqual(['[fd00::10]:30080', '[fd00::11]:30080'])
})
