import { expect, test } from 'vitest'
import { explain } from '../../src/gateway/explain/explain.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { serviceYaml, tableOf } from '../support/gateway.ts'

const yaml = [
  serviceYaml({
    name: 'part',
    endpoints: [
      { address: '127.0.0.1', port: 8080 },
      { address: '169.254.169.254', port: 80 },
    ],
  }),
  serviceYaml({ name: 'other', endpoints: [{ address: '169.254.169.254', port: 80 }] }),
].join('\n---\n')

test('endpoints that were refused are counted, and told with their EndpointSlice and field', () => {
  const table = tableOf(yaml)
  const cluster = onlyCluster(() => table, new GatewayState(frozenClock), {
    externalEndpoints: () => undefined,
    staleness: () => undefined,
  })
  const answer = explain(
    { url: 'http://part.shop.example.test/', from: '203.0.113.9', method: 'GET', headers: [] },
    { clusters: [cluster], road: { trustedProxies: [], networkPolicy: 'enforce' } },
  )
  if (!answer.ok) throw new Error(answer.faults.join())
  expect(answer.explanation.steps.find(({ step }) => step === 'endpoints')).toEqual({
    step: 'endpoints',
    verdict: 'pass',
    summary: '1 can serve, 0 cannot, 1 refused',
    details: [
      '127.0.0.1:8080',
      expect.stringMatching(
        /^warning endpoint-refused, EndpointSlice shop\/part-1, endpoints\[0\]: .*169\.254\.169\.254/,
      ),
    ],
  })
})
