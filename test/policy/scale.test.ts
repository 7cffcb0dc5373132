import { expect, test } from 'vitest'
import { Compilation, type RecordChange } from '../../src/compile/compilation.ts'
import { plan } from '../../src/gateway/plan.ts'
import { Table } from '../../src/gateway/table.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import { type KubeObject, parseObject } from '../../src/model/objects/object.ts'
import { compileOptions } from '../support/compile.ts'

const POLICIES = 1_000

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', annotations: { 'postern.dev/expose': 'true' } },
  spec: { ports: [{ port: 80, targetPort: 8080 }] },
}
const slice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080 }],
  endpoints: [1, 2].map((i) => ({
    addresses: [`10.244.0.${i}`],
    targetRef: { kind: 'Pod', name: `web-${i}`, uid: `uid-${i}` },
  })),
}

function pod(index: number, tier: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${index}`, namespace: 'shop', uid: `uid-${index}`, labels: { tier } },
    spec: { containers: [] },
    status: { podIP: `10.244.0.${index}`, conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

/** Each for a tier of its own, with a block of its own. */
function policy(index: number): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `tier-${index}`, namespace: 'shop' },
    spec: {
      podSelector: { matchLabels: { tier: `${index}` } },
      ingress: [{ from: [{ ipBlock: { cidr: `198.${index >> 8}.${index & 255}.0/24` } }] }],
    },
  }
}

function parsed(raw: object): KubeObject {
  const outcome = parseObject(raw)
  if (outcome.type !== 'object') throw new Error(`the test's object is wrong: ${JSON.stringify(outcome)}`)
  return outcome.object
}

/** An agent and a gateway with nothing in between. */
function cluster() {
  const compilation = new Compilation(compileOptions)
  const table = new Table()
  return {
    put(...raw: readonly object[]): readonly RecordChange[] {
      const changes = compilation.apply(raw.map((each) => ({ type: 'put', object: parsed(each) })))
      table.apply(
        changes.map(({ kind, key, value }) => ({
          kind,
          key,
          text: value === null ? null : encodeCanonical(value),
        })),
      )
      return changes
    },
    reached(client: string): string[] {
      const head = { method: 'GET', target: '/', hosts: ['web.shop.example.test'], field: () => undefined }
      const peer = { address: client, isTrusted: false, scheme: 'http' } as const
      const road = { trustedProxies: [], networkPolicy: 'enforce' } as const
      const state = { externalEndpoints: () => undefined, staleness: () => undefined }
      const decided = plan(head, peer, table, road, state)
      return decided.type === 'forward' ? decided.candidates.map(({ address }) => address) : []
    },
  }
}

test("a Pod's label change moves it under its new policies at once, and costs one slice and one set", () => {
  const { put, reached } = cluster()
  const policies = Array.from({ length: POLICIES }, (_, i) => policy(i))
  put(service, slice, pod(1, '1'), pod(2, '1'), ...policies)
  expect(reached('198.0.1.7')).toEqual(['10.244.0.1', '10.244.0.2'])
  expect(reached('198.0.2.7')).toEqual([])

  const moved = put(pod(1, '2'))
  expect(reached('198.0.1.7')).toEqual(['10.244.0.2'])
  expect(reached('198.0.2.7')).toEqual(['10.244.0.1'])
  expect(moved.map(({ kind }) => kind).toSorted()).toEqual(['endpoints', 'policy'])

  put(pod(1, 'none'))
  expect(reached('203.0.113.9')).toEqual(['10.244.0.1'])
})

test('Pods with the same answer share one set, and one that nobody needs is gone', () => {
  const { put } = cluster()
  const sets = (changes: readonly RecordChange[]) => changes.filter(({ kind }) => kind === 'policy')
  const first = sets(put(service, slice, pod(1, '1'), pod(2, '1'), policy(1), policy(2)))
  expect(first).toHaveLength(1)
  expect(sets(put(pod(1, '2')))).toHaveLength(1)
  const [gone] = sets(put(pod(2, '2')))
  expect(gone).toEqual({ kind: 'policy', key: first[0]?.key, value: null })
})
