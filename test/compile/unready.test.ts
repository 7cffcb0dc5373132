import { expect, test } from 'vitest'
import { Compilation } from '../../src/compile/compilation.ts'
import { parseObject } from '../../src/model/objects/object.ts'
import { compileOptions } from '../support/compile.ts'

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', annotations: { 'postern.dev/expose': 'true' } },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
}

function pod(name: string, podIP: string | undefined, ready: 'True' | 'False'): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: name, labels: { app: 'web' } },
    spec: { containers: [] },
    status: { phase: 'Running', podIP, conditions: [{ type: 'Ready', status: ready }] },
  }
}

function slice(...endpoints: readonly object[]): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ port: 80 }],
    endpoints,
  }
}

const of = (name: string, address: string, isReady = true) => ({
  addresses: [address],
  conditions: { ready: isReady },
  targetRef: { kind: 'Pod', namespace: 'shop', name, uid: name },
})

/** Of a cluster, whose slices are its own affair. */
function unreadyOf(...objects: readonly object[]) {
  return unreadyOfService(service, ...objects)
}

function unreadyOfService(...objects: readonly object[]) {
  const changes = new Compilation(compileOptions).apply(
    objects.map((raw) => {
      const parsed = parseObject(raw)
      if (parsed.type !== 'object') throw new Error(JSON.stringify(parsed))
      return { type: 'put', object: parsed.object } as const
    }),
  )
  const problems = changes.flatMap(({ kind, value }) => (kind === 'problem' ? (value ?? []) : []))
  return problems.find(({ code }) => code === 'endpoints-unready')
}

const PODS = 'See the Pods (kubectl describe pod): why their condition Ready is not True.'
const REFUSAL = 'Mend the EndpointSlice: its problem endpoint-refused says how.'
const UNTIL = 'Until one can serve its hostnames answer 503.'

test('endpoints that are not ready point to the Pods', () => {
  const pods = [pod('a', '10.244.0.1', 'False'), pod('b', '10.244.0.2', 'False')]
  expect(unreadyOf(...pods, slice(of('a', '10.244.0.1', false), of('b', '10.244.0.2', false)))).toMatchObject(
    {
      message: 'No endpoint can serve: 2 endpoints are not ready',
      hint: `${PODS} ${UNTIL}`,
    },
  )
})

test('endpoints that are refused point to the EndpointSlice, and to no Pod', () => {
  const stranger = slice(of('a', '10.244.0.9'), of('nobody', '10.244.0.8'))
  expect(unreadyOf(pod('a', '10.244.0.1', 'True'), stranger)).toMatchObject({
    message: 'No endpoint can serve: 2 endpoints are refused',
    hint: `${REFUSAL} ${UNTIL}`,
  })
})

test('of some of each both are said', () => {
  const some = slice(of('a', '10.244.0.1', false), of('nobody', '10.244.0.8'))
  expect(unreadyOf(pod('a', '10.244.0.1', 'False'), some)).toMatchObject({
    message: 'No endpoint can serve: 1 endpoint is refused, and 1 endpoint is not ready',
    hint: `${REFUSAL} ${PODS} ${UNTIL}`,
  })
})

test('Pods that are ready and in no slice are not told to be unready', () => {
  expect(unreadyOf(pod('a', '10.244.0.1', 'True'))).toMatchObject({
    message: 'No endpoint can serve: its Pods are ready, and stand in no EndpointSlice',
    hint: `The cluster writes the EndpointSlices of a selector: see its kube-controller-manager. ${UNTIL}`,
  })
})

test('a Pod without an address is named', () => {
  expect(unreadyOf(pod('a', undefined, 'True'), pod('b', '10.244.0.2', 'True'))?.message).toBe(
    'No endpoint can serve: its Pods have no address or are not ready: a',
  )
})

test('Pods without an address of the Service’s family are named', () => {
  const six = { ...service, spec: { ...service.spec, ipFamilies: ['IPv6'] } }
  expect(unreadyOfService(six, pod('a', '10.244.0.1', 'True'))).toMatchObject({
    message: 'No endpoint can serve: its Pods have no address of IPv6: a',
    hint: `Set spec.ipFamilies to what the Pods have. ${UNTIL}`,
  })
})
