import { expect, test } from 'vitest'
import { explain } from '../../src/gateway/explain/explain.ts'
import { type Explanation, formatExplanation } from '../../src/gateway/explain/explanation.ts'
import type { RoadOptions } from '../../src/gateway/road.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { parseCidr } from '../../src/model/address.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { tableOf } from '../support/gateway.ts'

const POD = '10.0.0.1'
const EXPOSED = { 'postern.dev/expose': 'true' }

function service(name: string, annotations: object, spec: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', annotations: { ...EXPOSED, ...annotations } },
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
  }
}

function pod(name: string, address: string, isReady = true): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: name.replace(/-\d$/, '') } },
    spec: { nodeName: 'node-1', containers: [{ ports: [{ containerPort: 80 }] }] },
    status: { podIP: address, conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  }
}

const policy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'guests', namespace: 'shop' },
  spec: {
    podSelector: { matchLabels: { app: 'guarded' } },
    ingress: [{ ports: [{ port: 9090 }] }, { from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }],
  },
}

const objects = [
  service('web', { 'postern.dev/path': '/shop' }),
  service('narrow', {}, { loadBalancerSourceRanges: ['203.0.113.0/24'] }),
  service('guarded', {}),
  service('empty', {}),
  service('grpc', {}, { ports: [{ port: 80, appProtocol: 'grpc' }] }),
  pod('web-1', POD),
  pod('web-2', '10.0.0.2', false),
  pod('narrow-1', '10.0.0.3'),
  pod('guarded-1', '10.0.0.4'),
  pod('grpc-1', '10.0.0.5'),
  policy,
]
const table = tableOf(objects.map((object) => JSON.stringify(object)).join('\n---\n'))

const idle = {
  clusters: [
    onlyCluster(() => table, new GatewayState(frozenClock), {
      externalEndpoints: () => undefined,
      staleness: () => undefined,
    }),
  ],
}

interface Asked {
  readonly host?: string
  readonly path?: string
  readonly method?: string
  readonly from?: string
  readonly forwardedFor?: string
  readonly road?: Partial<RoadOptions>
}

function ask(asked: Asked): Explanation {
  const answer = answerTo(asked)
  if (!answer.ok) throw new Error(answer.faults.join('\n'))
  return answer.explanation
}

function answerTo({
  host = 'web.shop.example.test',
  path = '/shop',
  method = 'GET',
  from = '203.0.113.9',
  ...more
}: Asked) {
  const road: RoadOptions = { trustedProxies: [], networkPolicy: 'enforce', ...more.road }
  const headers = more.forwardedFor === undefined ? [] : [`X-Forwarded-For: ${more.forwardedFor}`]
  return explain({ url: `http://${host}${path}`, from, method, headers }, { road, ...idle })
}

/** The step that decided, or the last one. */
const decisive = (asked: Asked) => ask(asked).steps.at(-1)

test('a request that is forwarded passes every step, in the order of the road', () => {
  const { steps, outcome } = ask({})
  expect(steps.map(({ step, verdict }) => `${step} ${verdict}`)).toEqual([
    'client pass',
    'method pass',
    'host pass',
    'route pass',
    'rule pass',
    'service pass',
    'source ranges pass',
    'token pass',
    'endpoints pass',
    'network policy pass',
  ])
  expect(outcome).toEqual({
    type: 'forward',
    summary: 'forwarded to 10.0.0.1:80 as /shop, Host web.shop.example.test, answered within 60000 ms',
  })
})

test('endpoints that are out are told with the reason', () => {
  const endpoints = ask({}).steps.find(({ step }) => step === 'endpoints')
  expect(endpoints).toMatchObject({
    summary: '1 can serve, 1 cannot',
    details: ['10.0.0.1:80 (web-1)', '10.0.0.2 (web-2) is out: it is not ready'],
  })
})

test('https is told as http, and that is said', () => {
  const question = { from: '203.0.113.9', method: 'GET', headers: [] }
  const road: RoadOptions = { trustedProxies: [], networkPolicy: 'enforce' }
  const [https, http] = ['https', 'http'].map((scheme) =>
    explain({ ...question, url: `${scheme}://web.shop.example.test/shop` }, { road, ...idle }),
  )
  const saysSo = [expect.stringContaining('TLS is not served yet')]
  expect(https).toMatchObject({
    explanation: {
      steps: expect.arrayContaining([expect.objectContaining({ step: 'client', details: saysSo })]),
    },
  })
  expect(http).toMatchObject({
    explanation: {
      steps: expect.arrayContaining([expect.objectContaining({ step: 'client', details: [] })]),
    },
  })
})

test('an unknown host names the near misses', () => {
  expect(ask({ host: 'wep.shop.example.test' }).outcome).toMatchObject({ type: 'reply', status: 404 })
  expect(decisive({ host: 'wep.shop.example.test' })).toMatchObject({
    step: 'route',
    verdict: 'stop',
    details: ['near misses: web.shop.example.test'],
  })
})

test('a path that no rule has shows the rules there are', () => {
  expect(decisive({ path: '/other' })).toMatchObject({
    step: 'rule',
    verdict: 'stop',
    summary: 'no rule has a path for /other',
    details: ['prefix /shop does not match (Service shop/web)'],
  })
})

test('a rule that cannot be served names the problem, its object and field', () => {
  expect(decisive({ host: 'grpc.shop.example.test', path: '/' })).toMatchObject({
    step: 'service',
    verdict: 'stop',
    summary: 'Service shop/grpc cannot be served: protocol-unsupported',
    details: [expect.stringContaining('spec.ports[port=80].appProtocol')],
  })
})

test('source ranges name the field', () => {
  const asked = { host: 'narrow.shop.example.test', path: '/', from: '198.51.100.1' }
  expect(decisive(asked)).toMatchObject({
    step: 'source ranges',
    verdict: 'stop',
    summary: 'refused by spec.loadBalancerSourceRanges of Service shop/narrow',
    details: ['203.0.113.0/24'],
  })
})

test('a NetworkPolicy that refuses is named, and so is the rule that admits', () => {
  const guarded = { host: 'guarded.shop.example.test', path: '/' }
  expect(decisive({ ...guarded, from: '198.51.100.1' })).toMatchObject({
    step: 'network policy',
    verdict: 'stop',
    details: [
      '10.0.0.4:80 refuses port 80: isolated by NetworkPolicy shop/guests, none of whose rules admits the client',
    ],
  })
  expect(decisive(guarded)).toMatchObject({
    verdict: 'pass',
    details: ['10.0.0.4:80 admits port 80: NetworkPolicy shop/guests, spec.ingress[1]'],
  })
  expect(decisive({ ...guarded, from: '198.51.100.1', road: { networkPolicy: 'off' } })).toMatchObject({
    verdict: 'pass',
    summary: 'not asked (--network-policy off)',
  })
})

test('a Service with no endpoint stops there', () => {
  expect(decisive({ host: 'empty.shop.example.test', path: '/' })).toMatchObject({
    step: 'endpoints',
    verdict: 'stop',
  })
})

test('a forwarded address is believed from a trusted proxy only, and that is said', () => {
  const [client] = ask({ forwardedFor: '192.0.2.1' }).steps
  expect(client).toMatchObject({
    summary: '203.0.113.9, the address that the connection comes from; http',
    details: ['X-Forwarded-For "192.0.2.1" is not believed: 203.0.113.9 is not in --trusted-proxies'],
  })
  const proxy = parseCidr('203.0.113.9/32')
  const road = { trustedProxies: proxy === undefined ? [] : [proxy] }
  expect(ask({ forwardedFor: '192.0.2.1', road }).steps[0]?.summary).toBe(
    '192.0.2.1, named by the trusted proxy 203.0.113.9; http',
  )
})

test.each([
  [{ method: 'TRACE' }, 'method'],
  [{ host: 'a b' }, 'host'],
])('%j stops at the %s', (asked, step) => {
  expect(decisive(asked)).toMatchObject({ step, verdict: 'stop' })
})

test('as text it reads in the order of the road', () => {
  const text = formatExplanation(ask({ path: '/other' }))
  expect(text).toContain('GET http://web.shop.example.test/other from 203.0.113.9\n')
  expect(text).toContain('✗ rule: no rule has a path for /other\n    prefix /shop does not match')
  expect(text).toMatch(/→ 404 path-unknown .*$/)
})

test('what cannot be read of the question is told, all of it at once', () => {
  const road: RoadOptions = { trustedProxies: [], networkPolicy: 'enforce' }
  const question = { url: '/no-host', from: 'here', method: 'G T', headers: ['nonsense'] }
  expect(explain(question, { road, ...idle })).toEqual({
    ok: false,
    faults: [
      'Cannot read the URL: "/no-host" is not http://host/path',
      'Cannot read the client\'s address: "here" is no IP address',
      'Cannot read the method: "G T" is no token',
      'Cannot read the header: "nonsense" is not Name: value',
    ],
  })
})

test('what is too old is told with its age, and what goes on', () => {
  const old = onlyCluster(() => table, new GatewayState(frozenClock), {
    externalEndpoints: () => undefined,
    staleness: () => ({ observedMsAgo: 7_200_000, maxStaleMs: 3_600_000 }),
  })
  const answer = explain(
    { url: 'http://web.shop.example.test/shop', from: '203.0.113.9', method: 'GET', headers: [] },
    { clusters: [old], road: { trustedProxies: [], networkPolicy: 'enforce' } },
  )
  if (!answer.ok) throw new Error(answer.faults.join())
  expect(answer.explanation.steps.at(-1)).toEqual({
    step: 'freshness',
    verdict: 'stop',
    summary: 'the cluster was last observed 7200 s ago, and --max-stale is 3600 s',
    details: [
      "the addresses of its Pods may be others' by now; Services that are reached by nodes, or prove their identity over TLS, go on",
    ],
  })
  expect(answer.explanation.outcome).toMatchObject({ type: 'reply', status: 503 })
})
