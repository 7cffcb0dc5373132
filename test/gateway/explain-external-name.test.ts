import { expect, test } from 'vitest'
import { explainInTime } from '../../src/gateway/explain/explain.ts'
import { type Answer, ExternalNames } from '../../src/gateway/external-names.ts'
import { roadState } from '../../src/gateway/road-state.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { testAccess } from '../support/access.ts'
import { tableOf } from '../support/gateway.ts'
import { testIdentities } from '../support/identities.ts'

const table = tableOf(
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'ext', namespace: 'shop', annotations: { 'postern.dev/expose': 'true' } },
    spec: { type: 'ExternalName', externalName: 'api.example.com', ports: [{ port: 80 }] },
  }),
)

/** The endpoints step, with a name server that gives this answer. */
async function endpointsWith(resolve: () => Promise<Answer>) {
  const names = new ExternalNames({
    clock: frozenClock,
    resolve,
    reach: { allowedCidrs: [], deniedCidrs: [], isNode: () => false },
    onTrouble: () => {},
  })
  const clusters = [onlyCluster(() => table, new GatewayState(frozenClock), roadState(names, undefined))]
  const answer = await explainInTime(
    { url: 'http://ext.shop.example.test/', from: '203.0.113.9', method: 'GET', headers: [] },
    {
      clusters,
      road: { trustedProxies: [], networkPolicy: 'enforce' },
      names,
      ...testAccess(),
      ...testIdentities(),
    },
  )
  if (!answer.ok) throw new Error(answer.faults.join())
  return answer.explanation.steps.find(({ step }) => step === 'endpoints')
}

test('a name without an answer is told with what the name server said', async () => {
  expect(await endpointsWith(() => Promise.reject(new Error('queryA ENOTFOUND')))).toMatchObject({
    verdict: 'stop',
    details: ['Cannot resolve api.example.com: queryA ENOTFOUND'],
  })
})

test('answers that were refused are told beside those that can serve', async () => {
  const answer = { addresses: ['10.1.2.3', '203.1.113.7'], ttlSeconds: 60 }
  expect(await endpointsWith(() => Promise.resolve(answer))).toMatchObject({
    verdict: 'pass',
    summary: '1 can serve, 0 cannot',
    details: ['203.1.113.7:80', 'Refused an answer for api.example.com: 10.1.2.3 is not public (private)'],
  })
})

test('a name without any address says so', async () => {
  expect(await endpointsWith(() => Promise.resolve({ addresses: [], ttlSeconds: 60 }))).toMatchObject({
    verdict: 'stop',
    details: ['api.example.com has no address'],
  })
})
