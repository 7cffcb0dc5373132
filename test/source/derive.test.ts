import { expect, test } from 'vitest'
import { type KubeObject, parseObject } from '../../src/model/objects/object.ts'
import { deriveSlices } from '../../src/source/derive.ts'

const READY = { conditions: [{ type: 'Ready', status: 'True' }] }

test('at most 100 endpoints stand in a slice', () => {
  const pods = Array.from({ length: 250 }, (_, i) => pod(`web-${i}`, { ip: `10.244.1.${i}` }))
  const slices = deriveSlices([service({}), ...pods])
  expect(slices.map((slice) => slice.endpoints.length)).toEqual([100, 100, 50])
  expect(new Set(slices.map((slice) => slice.meta.name)).size).toBe(3)
})

test('Pods whose named port differs stand in different slices', () => {
  const slices = deriveSlices([
    service({ ports: [{ port: 80, targetPort: 'http' }] }),
    pod('a', { ip: '10.244.1.1', ports: [{ name: 'http', containerPort: 8080 }] }),
    pod('b', { ip: '10.244.1.2', ports: [{ name: 'http', containerPort: 9090 }] }),
    pod('c', { ip: '10.244.1.3', ports: [{ name: 'http', containerPort: 8080 }] }),
    pod('d', { ip: '10.244.1.4' }),
  ])
  expect(slices.map((slice) => [slice.ports[0]?.port, slice.endpoints.map((e) => e.addresses[0])])).toEqual([
    [8080, ['10.244.1.1', '10.244.1.3']],
    [9090, ['10.244.1.2']],
    [undefined, ['10.244.1.4']],
  ])
})

test('a Pod that is not ready stands there as unready', () => {
  const [slice] = deriveSlices([service({}), pod('a', { ip: '10.244.1.1', status: { conditions: [] } })])
  expect(slice?.endpoints[0]?.conditions).toEqual({ ready: false, serving: false, terminating: false })
})

test('a terminating Pod that is ready serves, and is not ready', () => {
  const [slice] = deriveSlices([
    service({}),
    pod('a', { ip: '10.244.1.1', deletionTimestamp: '2025-01-01T00:00:00Z' }),
  ])
  expect(slice?.endpoints[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true })
})

test('publishNotReadyAddresses makes every Pod ready', () => {
  const unready = pod('a', { ip: '10.244.1.1', status: {} })
  const [slice] = deriveSlices([service({ publishNotReadyAddresses: true }), unready])
  expect(slice?.endpoints[0]?.conditions.ready).toBe(true)
})

test('a Pod that has ended, has no address, or is in another namespace is left out', () => {
  const slices = deriveSlices([
    service({}),
    pod('ended', { ip: '10.244.1.1', status: { ...READY, phase: 'Succeeded' } }),
    pod('failed', { ip: '10.244.1.2', status: { phase: 'Failed' } }),
    pod('pending', {}),
    pod('foreign', { ip: '10.244.1.3', namespace: 'other' }),
  ])
  expect(slices).toEqual([])
})

test('a Service without selector, and one that has a slice, get none', () => {
  const own = object({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'own', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
  })
  expect(deriveSlices([service({ selector: null }), pod('a', { ip: '10.244.1.1' })])).toEqual([])
  expect(deriveSlices([service({ selector: {} }), pod('a', { ip: '10.244.1.1' })])).toEqual([])
  expect(deriveSlices([service({}), own, pod('a', { ip: '10.244.1.1' })])).toEqual([])
})

test('a Service of two families gets slices of each', () => {
  const dual = pod('a', { status: { ...READY, podIPs: [{ ip: '10.244.1.1' }, { ip: '2001:db8::1' }] } })
  const slices = deriveSlices([service({ ipFamilies: ['IPv4', 'IPv6'] }), dual])
  expect(slices.map((slice) => [slice.addressType, slice.endpoints[0]?.addresses])).toEqual([
    ['IPv4', ['10.244.1.1']],
    ['IPv6', ['2001:db8::1']],
  ])
})

function service(spec: object): KubeObject {
  const whole = { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec }
  return object({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: whole })
}

interface PodOptions {
  readonly ip?: string
  readonly namespace?: string
  readonly ports?: readonly object[]
  readonly deletionTimestamp?: string
  readonly status?: object
}

function pod(
  name: string,
  { ip, namespace, ports, deletionTimestamp, status = READY }: PodOptions,
): KubeObject {
  return object({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, deletionTimestamp, labels: { app: 'web' } },
    spec: { containers: [{ ports }] },
    status: { podIP: ip, ...status },
  })
}

function object(raw: unknown): KubeObject {
  const parsed = parseObject(raw)
  if (parsed.type !== 'object') throw new Error(`Cannot read the test's object: ${JSON.stringify(parsed)}`)
  return parsed.object
}
