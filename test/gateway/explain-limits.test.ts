import { expect, test } from 'vitest'
import { explain } from '../../src/gateway/explain/explain.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { RateLimits } from '../../src/limits/rate-limits.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { serviceYaml, tableOf } from '../support/gateway.ts'

/** The last step, and the answer. */
function ask(
  annotations: Readonly<Record<string, string>>,
  { isCounting = true, headers = [] }: { isCounting?: boolean; headers?: readonly string[] } = {},
) {
  const table = tableOf(serviceYaml({ endpoints: [8080], annotations }))
  const state = new GatewayState(
    frozenClock,
    new RateLimits({ clock: frozenClock, random: () => 0, sharing: 'alone' }),
  )
  const service = table.service('shop/web:80')
  if (service === undefined) throw new Error('the test has no Service')
  state.requestBegan({ service, rateKey: 'c203.0.113.9' })
  const cluster = onlyCluster(() => table, state, {
    externalEndpoints: () => undefined,
    staleness: () => undefined,
    ...(isCounting && { limits: state }),
  })
  const answer = explain(
    { url: 'http://web.shop.example.test/', from: '203.0.113.9', method: 'POST', headers },
    { clusters: [cluster], road: { trustedProxies: [], networkPolicy: 'enforce' } },
  )
  if (!answer.ok) throw new Error(answer.faults.join())
  const { steps, outcome } = answer.explanation
  return { step: steps.at(-1), status: outcome.type === 'reply' ? outcome.status : undefined }
}

test.each([
  ['client lists', { 'postern.dev/deny-cidrs': '203.0.113.0/24' }, 'refused by postern.dev/deny-cidrs', 403],
  ['client lists', { 'postern.dev/allow-cidrs': '::/0' }, 'not among postern.dev/allow-cidrs', 403],
  ['size', { 'postern.dev/max-body-size': '10' }, 'refused by postern.dev/max-body-size', 413],
  ['size', { 'postern.dev/max-header-size': '10' }, 'refused by postern.dev/max-header-size', 431],
  [
    'concurrency',
    { 'postern.dev/max-concurrent-requests': '1' },
    'refused by postern.dev/max-concurrent-requests',
    503,
  ],
  ['rate', { 'postern.dev/rate-limit': '1/h' }, 'refused by postern.dev/rate-limit', 429],
])('%s: %j is told with its annotation and Service', (step, annotations, summary, status) => {
  expect(ask(annotations, { headers: ['Content-Length: 11'] })).toMatchObject({
    step: { step, verdict: 'stop', summary: `${summary} of Service shop/web` },
    status,
  })
})

test('what is left of an allowance is told, and that nobody counts where that is so', () => {
  const annotations = { 'postern.dev/rate-limit': '5/h' }
  expect(ask(annotations).step).toEqual({
    step: 'rate',
    verdict: 'pass',
    summary: 'within postern.dev/rate-limit of Service shop/web',
    details: ['5 in 3600 s, burst 5, by client, local', '3 more at once'],
  })
  expect(ask(annotations, { isCounting: false }).step?.summary).toMatch(/^not counted here: /)
})
