import { afterAll, beforeAll, expect, test } from 'vitest'
import { explainInTime } from '../../src/gateway/explain/explain.ts'
import { formatExplanation } from '../../src/gateway/explain/explanation.ts'
import { ExternalNames } from '../../src/gateway/external-names.ts'
import { roadState } from '../../src/gateway/road-state.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { testAccess } from '../support/access.ts'
import { serviceYaml, tableOf } from '../support/gateway.ts'
import { testIdentities } from '../support/identities.ts'
import { startIssuer, type TestIssuer, tokenAnnotations } from '../support/tokens.ts'

let issuer: TestIssuer

beforeAll(async () => {
  issuer = await startIssuer()
})
afterAll(() => issuer.close())

/** The token step, and the whole text. */
async function explained(headers: readonly string[]) {
  const more = { 'postern.dev/jwt-required-claims': 'scope=a' }
  const table = tableOf(serviceYaml({ annotations: tokenAnnotations(issuer.jwksUrl, more), endpoints: [1] }))
  const names = new ExternalNames({
    clock: systemClock,
    resolve: () => Promise.reject(new Error('no name server in this test')),
    reach: { allowedCidrs: [], deniedCidrs: [], isNode: () => false },
    onTrouble: () => {},
  })
  const found = testAccess()
  const clusters = [
    onlyCluster(() => table, new GatewayState(systemClock), roadState(names, undefined, found)),
  ]
  const answer = await explainInTime(
    { url: 'http://web.shop.example.test/', from: '203.0.113.9', method: 'GET', headers },
    {
      clusters,
      road: { trustedProxies: [], networkPolicy: 'enforce' },
      names,
      ...found,
      ...testIdentities(),
    },
  )
  if (!answer.ok) throw new Error(answer.faults.join())
  const { explanation } = answer
  const step = explanation.steps.find((each) => each.step === 'token')
  return { step, outcome: explanation.outcome, text: formatExplanation(explanation) }
}

test('a refusal names the annotation that decided', async () => {
  expect(await explained([])).toMatchObject({
    step: {
      verdict: 'stop',
      summary: 'refused by postern.dev/jwt-issuer of Service shop/web: there is no token where one may be',
    },
    outcome: { status: 401 },
  })
  const lacking = await explained([`Authorization: Bearer ${await issuer.token()}`])
  expect(lacking.step?.summary).toContain('postern.dev/jwt-required-claims of Service shop/web')
  expect(lacking.step?.details).toContain('claim scope=a')
})

test('a good token is verified as the gateway would, and never told', async () => {
  const token = await issuer.token({ scope: 'a' })
  const { step, outcome, text } = await explained([`Authorization: Bearer ${token}`])
  expect(step).toMatchObject({
    verdict: 'pass',
    summary: 'admitted by postern.dev/jwt-issuer of Service shop/web',
  })
  expect(outcome.type).toBe('forward')
  for (const part of token.split('.')) expect(text).not.toContain(part)
})
