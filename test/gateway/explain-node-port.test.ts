import { expect, test } from 'vitest'
import { explain } from '../../src/gateway/explain/explain.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { tableOf } from '../support/gateway.ts'

interface Behind {
  /** Beside a Pod that is ready. */
  readonly addresses?: readonly string[]
  readonly isPodReady?: boolean
  readonly policy?: 'Cluster' | 'Local'
  readonly hasNodes?: boolean
}

/** A NodePort Service on two nodes, of which the first runs its Pod. */
function objects({
  addresses = [],
  isPodReady = true,
  policy = 'Cluster',
  hasNodes = true,
}: Behind): readonly object[] {
  const of = (name: string) => ({ name, namespace: 'shop' })
  const node = (name: string, address: string) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: { addresses: [{ type: 'InternalIP', address }], conditions: [{ type: 'Ready', status: 'True' }] },
  })
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...of('web'), annotations: { 'postern.dev/expose': 'true' } },
      spec: { type: 'NodePort', externalTrafficPolicy: policy, ports: [{ port: 80, nodePort: 30080 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: of('web-1'),
      spec: { containers: [] },
      status: { podIP: '10.0.0.1' },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...of('web-1'), labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ port: 80 }],
      endpoints: [
        {
          addresses: ['10.0.0.1'],
          nodeName: 'node-1',
          conditions: { ready: isPodReady },
          targetRef: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
        },
        ...addresses.map((address) => ({ addresses: [address] })),
      ],
    },
    ...(hasNodes ? [node('node-1', '10.1.0.1'), node('node-2', '10.1.0.2')] : []),
  ]
}

const present = { externalEndpoints: () => undefined, staleness: () => undefined }

function stepsOf(behind: Behind) {
  const table = tableOf(
    objects(behind)
      .map((object) => JSON.stringify(object))
      .join('\n---\n'),
  )
  const answer = explain(
    { url: 'http://web.shop.example.test/', from: '203.0.113.9', method: 'GET', headers: [] },
    {
      clusters: [onlyCluster(() => table, new GatewayState(frozenClock), present)],
      road: { trustedProxies: [], networkPolicy: 'enforce' },
    },
  )
  if (!answer.ok) throw new Error(answer.faults.join('\n'))
  const { steps } = answer.explanation
  return {
    problems: steps.find(({ step }) => step === 'service')?.details,
    endpoints: steps.find(({ step }) => step === 'endpoints'),
  }
}

test('a NodePort that may lead to a refused endpoint names the problem, and says so of each node', () => {
  const { problems, endpoints } = stepsOf({ addresses: ['169.254.169.254'] })
  expect(endpoints).toMatchObject({
    verdict: 'stop',
    summary: '0 can serve, 2 cannot',
    details: [
      '10.1.0.1 (node-1) is out: its NodePort may lead to an endpoint that is refused',
      '10.1.0.2 (node-2) is out: its NodePort may lead to an endpoint that is refused',
      expect.stringMatching(/^warning endpoint-refused, EndpointSlice shop\/web-1, endpoints\[1\]: /),
    ],
  })
  expect(problems).toContainEqual(
    expect.stringMatching(/^error node-port-refused, spec\.ports\[port=80\]\.nodePort: /),
  )
})

test('under externalTrafficPolicy Local a node without a Pod is out for that reason', () => {
  const { problems, endpoints } = stepsOf({ policy: 'Local' })
  expect(endpoints).toMatchObject({
    verdict: 'pass',
    details: [
      '10.1.0.1:30080 (node-1)',
      '10.1.0.2 (node-2) is out: externalTrafficPolicy is Local, and no Pod there can serve',
    ],
  })
  expect(problems).not.toContainEqual(expect.stringContaining('node-port-refused'))
})

test('where no Pod can serve, every node is out for that reason', () => {
  const { endpoints } = stepsOf({ isPodReady: false })
  expect(endpoints).toMatchObject({
    verdict: 'stop',
    details: [
      '10.1.0.1 (node-1) is out: no Pod of the Service can serve',
      '10.1.0.2 (node-2) is out: no Pod of the Service can serve',
    ],
  })
})

test('without a Node there is none to ask, and that is said', () => {
  expect(stepsOf({ hasNodes: false }).endpoints).toMatchObject({
    verdict: 'stop',
    summary: '0 can serve, 0 cannot',
    details: ['no Node has been seen: there is none to ask'],
  })
})
