import { describe, expect, test } from 'vitest'
import { Compilation } from '../../src/compile/compilation.ts'
import { explain } from '../../src/gateway/explain/explain.ts'
import { observeRequest } from '../../src/gateway/observe.ts'
import { plan } from '../../src/gateway/plan.ts'
import type { Plan, RoadOptions } from '../../src/gateway/road.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { identifyPeer } from '../../src/identity/identify.ts'
import { collectManifests } from '../../src/source/collect.ts'
import { parseManifest } from '../../src/source/parse.ts'
import type { RouteFacts } from '../../src/telemetry/observer.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { compileOptions } from '../support/compile.ts'
import { tableOf } from '../support/gateway.ts'

const GUEST = '203.0.113.9'
const STRANGER = '198.51.100.1'
const NODE = '10.1.0.1'
const idle = { externalEndpoints: () => undefined, staleness: () => undefined }

const objects = {
  service: (spec: object = {}, annotations: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'shop',
      annotations: { 'postern.dev/expose': 'true', ...annotations },
    },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }], ...spec },
  }),
  pod: (index: number, labels: object = {}, spec: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${index}`, namespace: 'shop', uid: `${index}`, labels: { app: 'web', ...labels } },
    spec: { nodeName: 'node-1', containers: [], ...spec },
    status: { podIP: `10.244.0.${index}`, conditions: [{ type: 'Ready', status: 'True' }] },
  }),
  policy: (cidr: string, podSelector: object = {}) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `from-${cidr.replace(/\W/g, '-')}`, namespace: 'shop' },
    spec: { podSelector, ingress: [{ from: [{ ipBlock: { cidr } }] }] },
  }),
  node: {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1' },
    status: {
      addresses: [{ type: 'InternalIP', address: NODE }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  },
}

const yamlOf = (some: readonly object[]) => some.map((object) => JSON.stringify(object)).join('\n---\n')

function headOf() {
  return { method: 'GET', target: '/', hosts: ['web.shop.example.test'], field: () => undefined }
}

function ask(
  client: string,
  some: readonly object[],
  networkPolicy: RoadOptions['networkPolicy'] = 'enforce',
): Plan {
  return plan(
    headOf(),
    identifyPeer(client, []),
    tableOf(yamlOf(some)),
    { trustedProxies: [], networkPolicy },
    idle,
  )
}

function reached(decided: Plan): string[] | string {
  if (decided.type === 'forward') return decided.candidates.map(({ key }) => key).toSorted()
  return decided.type === 'reply' ? decided.error : decided.type
}

describe("Pods on their Node's network", () => {
  test('are isolated by no policy, and stand beside those that are', () => {
    const some = [
      objects.service(),
      objects.pod(1),
      objects.pod(2, {}, { hostNetwork: true }),
      objects.policy(`${GUEST}/32`),
    ]
    expect(reached(ask(GUEST, some))).toEqual(['10.244.0.1:8080', '10.244.0.2:8080'])
    expect(reached(ask(STRANGER, some))).toEqual(['10.244.0.2:8080'])
  })
})

describe('a NodePort, which may lead to any of its Pods', () => {
  const behind = (...policies: readonly object[]) => [
    objects.service({ type: 'NodePort' }, { 'postern.dev/target': 'node' }),
    objects.pod(1, { tier: 'a' }),
    objects.pod(2, { tier: 'b' }),
    objects.node,
    ...policies,
  ]

  test('is reached by whom all of them admit', () => {
    const some = behind(
      objects.policy(`${GUEST}/32`, { matchLabels: { tier: 'a' } }),
      objects.policy('203.0.113.0/24', { matchLabels: { tier: 'b' } }),
    )
    expect(reached(ask(GUEST, some))).toEqual([`${NODE}:30080`])
    expect(reached(ask('203.0.113.10', some))).toBe('client-refused')
  })

  test('is closed to whom one of them refuses, though another is not isolated', () => {
    const some = behind(objects.policy(`${GUEST}/32`, { matchLabels: { tier: 'a' } }))
    expect(reached(ask(GUEST, some))).toEqual([`${NODE}:30080`])
    expect(reached(ask(STRANGER, some))).toBe('client-refused')
  })
})

describe("a client whose address is a Node's", () => {
  const guarded = (cidr: string) => [objects.service(), objects.pod(1), objects.node, objects.policy(cidr)]
  const ranged = (cidr: string) => [
    objects.service({ loadBalancerSourceRanges: [cidr] }),
    objects.pod(1),
    objects.node,
  ]

  test.each([
    ['NetworkPolicy', guarded],
    ['source ranges', ranged],
  ])('may be anybody, so a block around the Nodes does not admit it: %s', (_name, around) => {
    expect(reached(ask(NODE, around('10.0.0.0/8')))).toBe('client-refused')
    expect(reached(ask(`::ffff:${NODE}`, around('10.0.0.0/8')))).toBe('client-refused')
    expect(reached(ask(NODE, around('0.0.0.0/0')))).toEqual(['10.244.0.1:8080'])
    // Another address of the block is a client's own.
    expect(reached(ask('10.2.0.1', around('10.0.0.0/8')))).toEqual(['10.244.0.1:8080'])
  })

  test('is told for what it is', () => {
    const table = tableOf(yamlOf(guarded('10.0.0.0/8')))
    const answer = explain(
      { url: 'http://web.shop.example.test/', from: NODE, method: 'GET', headers: [] },
      {
        clusters: [onlyCluster(() => table, new GatewayState(frozenClock), idle)],
        road: { trustedProxies: [], networkPolicy: 'enforce' },
      },
    )
    if (!answer.ok) throw new Error(answer.faults.join())
    expect(answer.explanation.steps.at(-1)).toMatchObject({
      step: 'network policy',
      verdict: 'stop',
      details: [
        "10.1.0.1 is a Node's: source NAT hides the client, so only what is open to every address admits it",
        expect.stringContaining('refuses port 8080'),
      ],
    })
  })
})

describe('the modes', () => {
  const some = [
    objects.service(),
    objects.pod(1),
    objects.pod(2, { tier: 'b' }),
    objects.policy(`${GUEST}/32`),
  ]

  test.each([
    ['enforce', 'client-refused', undefined],
    ['report', ['10.244.0.1:8080', '10.244.0.2:8080'], true],
    ['off', ['10.244.0.1:8080', '10.244.0.2:8080'], undefined],
  ] as const)('%s', (mode, expected, isReported) => {
    const decided = ask(STRANGER, some, mode)
    expect(reached(decided)).toEqual(expected)
    expect(decided.passage.isReported).toBe(isReported)
    expect(ask(GUEST, some, mode)).toMatchObject({ type: 'forward' })
    expect(ask(GUEST, some, mode).passage.isReported).toBeUndefined()
  })

  test('report refuses whom source ranges refuse', () => {
    const ranges = objects.service({ loadBalancerSourceRanges: [`${GUEST}/32`] })
    expect(reached(ask(STRANGER, [ranges, ...some.slice(1)], 'report'))).toBe('client-refused')
  })

  test.each([
    [STRANGER, true],
    [GUEST, undefined],
  ])('what is reported of %s is told those who watch', (client, isReported) => {
    const facts: RouteFacts[] = []
    const following = { requestId: '', routed: (some: RouteFacts) => void facts.push(some) }
    const attempt = () => ({ headers: [], end: () => {} })
    const observer = { request: () => ({ ...following, attempt, end: () => {} }) }
    const peer = { address: client, isTrusted: false, scheme: 'http' } as const
    observeRequest(observer, headOf(), '1.1', peer, ask(client, some, 'report'))
    expect(facts.map((each) => each.isReported)).toEqual([isReported])
  })

  test.each(['off', 'report', 'enforce'])('are the operator\'s: "%s" on a Service opens nothing', (mode) => {
    const annotated = objects.service({}, { 'postern.dev/network-policy': mode })
    expect(reached(ask(STRANGER, [annotated, ...some.slice(1)]))).toBe('client-refused')
    const collected = collectManifests([parseManifest(yamlOf([annotated, ...some.slice(1)]), 'test.yaml')])
    const problems = new Compilation(compileOptions)
      .apply([...collected.objects.values()].map((object) => ({ type: 'put', object })))
      .flatMap((change) => (change.kind === 'problem' ? (change.value ?? []) : []))
    expect(problems).toContainEqual(
      expect.objectContaining({
        code: 'annotation-unknown',
        field: expect.stringContaining('postern.dev/network-policy'),
      }),
    )
  })
})
