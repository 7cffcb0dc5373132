import { expect, test } from 'vitest'
import { plan } from '../../src/gateway/plan.ts'
import type { Plan, RoadOptions } from '../../src/gateway/road.ts'
import { parseCidr } from '../../src/model/address.ts'
import { tableOf } from '../support/gateway.ts'

const PROXY = '192.0.2.10'
const proxy = parseCidr(`${PROXY}/32`)
const road: RoadOptions = { trustedProxies: proxy === undefined ? [] : [proxy], networkPolicy: 'enforce' }

/** A Service with `spec` and two Pods. */
function tableWith(spec: object) {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', annotations: { 'postern.dev/expose': 'true' } },
    spec: { ports: [{ port: 80 }], ...spec },
  }
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
  }
  return tableOf([service, slice].map((object) => JSON.stringify(object)).join('\n---\n'))
}

function ask(spec: object, peer: string, forwardedFor?: string): Plan {
  const fields: Readonly<Record<string, string | undefined>> = { 'x-forwarded-for': forwardedFor }
  const head = {
    method: 'GET',
    target: '/',
    hosts: ['web.shop.example.test'],
    field: (name: string) => fields[name],
  }
  return plan(head, { address: peer, isTrusted: peer === PROXY, scheme: 'http' }, tableWith(spec), road, {
    externalEndpoints: () => undefined,
    staleness: () => undefined,
  })
}

test.each([
  { from: '203.0.113.9', forwardedFor: undefined, type: 'forward' },
  { from: '203.0.114.9', forwardedFor: undefined, type: 'reply' },
  { from: '2001:db8::7', forwardedFor: undefined, type: 'forward' },
  { from: PROXY, forwardedFor: '203.0.113.9', type: 'forward' },
  { from: PROXY, forwardedFor: '203.0.114.9', type: 'reply' },
  // What stands further left came from the client.
  { from: PROXY, forwardedFor: '203.0.113.9, 198.51.100.1', type: 'reply' },
  { from: '198.51.100.1', forwardedFor: '203.0.113.9', type: 'reply' },
  { from: 'unknown', forwardedFor: undefined, type: 'reply' },
])(
  'source ranges decide on the true client: $from, forwarded for $forwardedFor',
  ({ from, forwardedFor, type }) => {
    const decided = ask({ loadBalancerSourceRanges: ['203.0.113.0/24', '2001:db8::/32'] }, from, forwardedFor)
    expect(decided).toMatchObject(type === 'reply' ? { type, error: 'client-refused' } : { type })
  },
)

test('a client is told apart by its own address, not by the proxy that brings it', () => {
  const affinityOf = (peer: string, forwardedFor?: string) => {
    const decided = ask({ sessionAffinity: 'ClientIP' }, peer, forwardedFor)
    return decided.type === 'forward' ? decided.affinity : undefined
  }
  expect(affinityOf(PROXY, '203.0.113.9')).toBe(affinityOf('203.0.113.9'))
  expect(affinityOf(PROXY, '203.0.113.9')).not.toBe(affinityOf(PROXY, '203.0.113.10'))
  expect(affinityOf('203.0.113.9')).toBeTypeOf('number')
})

test('without sessionAffinity nobody is kept anywhere', () => {
  expect(ask({}, '203.0.113.9')).toMatchObject({ type: 'forward', affinity: undefined })
})

test.each([
  [{}, 'registry-stale'],
  // Whom the Service does not let in learns no more than before.
  [{ loadBalancerSourceRanges: ['198.51.100.0/24'] }, 'client-refused'],
])(
  'while nobody has said for too long whose addresses they are, Pods are not reached (%j)',
  (spec, error) => {
    const state = {
      externalEndpoints: () => undefined,
      staleness: () => ({ observedMsAgo: 7_200_000, maxStaleMs: 3_600_000 }),
    }
    const head = { method: 'GET', target: '/', hosts: ['web.shop.example.test'], field: () => undefined }
    const peer = { address: '203.0.113.9', isTrusted: false, scheme: 'http' } as const
    expect(plan(head, peer, tableWith(spec), road, state)).toMatchObject({ type: 'reply', error })
  },
)
