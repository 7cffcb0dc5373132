import { afterAll, beforeAll, expect, test } from 'vitest'
import { explainInTime } from '../../src/gateway/explain/explain.ts'
import { formatExplanation } from '../../src/gateway/explain/explanation.ts'
import { externalByName } from '../../src/gateway/external-by-name.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { testAccess } from '../support/access.ts'
import { tableOf } from '../support/gateway.ts'
import { startHttp, type TestServer } from '../support/http.ts'
import { testIdentities } from '../support/identities.ts'
import { basic, htpasswd, secretYaml, withSecrets } from '../support/secrets.ts'

const KEY = 'key-of-alpha-0123456789abcdef'
let auth: TestServer
let status = 200

beforeAll(async () => {
  auth = await startHttp((_request, response) => void response.writeHead(status).end())
})
afterAll(() => auth.close())

async function explained(annotations: Readonly<Record<string, string>>, headers: readonly string[] = []) {
  const secrets = [
    secretYaml('partners', { alpha: KEY }),
    secretYaml('staff', { auth: htpasswd('alice', 'secret') }),
  ]
  const table = tableOf(withSecrets({ annotations, endpoints: [1] }, ...secrets))
  const { tokens, access } = testAccess()
  const present = { ...externalByName, staleness: () => undefined, access }
  const clusters = [onlyCluster(() => table, new GatewayState(systemClock), present)]
  const answer = await explainInTime(
    { url: 'http://web.shop.example.test/', from: '203.0.113.9', method: 'GET', headers },
    {
      clusters,
      road: { trustedProxies: [], networkPolicy: 'enforce' },
      names: { resolve: async () => {} },
      tokens,
      access,
      ...testIdentities(),
    },
  )
  if (!answer.ok) throw new Error(answer.faults.join())
  const { explanation } = answer
  const step = explanation.steps.find((each) => each.step === 'access')
  return { step, outcome: explanation.outcome, text: formatExplanation(explanation) }
}

test('an API key is told by its id, and never itself', async () => {
  const annotations = { 'postern.dev/api-keys': 'partners' }
  const { step, outcome, text } = await explained(annotations, [`X-API-Key: ${KEY}`])
  expect(outcome.type).toBe('forward')
  expect(step).toMatchObject({
    verdict: 'pass',
    summary: 'admitted as alpha',
    details: ['an API key of Secret shop/partners, from header:x-api-key'],
  })
  expect(text).not.toContain(KEY)
  expect((await explained(annotations)).step).toMatchObject({
    verdict: 'stop',
    summary: 'refused by postern.dev/api-keys of Service shop/web: there is no key where one may be',
  })
})

test('a password is checked, and never told', async () => {
  const annotations = { 'postern.dev/basic-auth': 'staff' }
  const { authorization } = basic('alice', 'secret')
  const { step, text } = await explained(annotations, [`Authorization: ${authorization}`])
  expect(step).toMatchObject({ verdict: 'pass', details: ['a user and password of Secret shop/staff'] })
  expect(text).not.toContain('secret')
  expect(
    (await explained({ 'postern.dev/basic-auth': 'nowhere' }, [`Authorization: ${authorization}`])).step,
  ).toMatchObject({
    verdict: 'stop',
    summary:
      "refused by postern.dev/basic-auth of Service shop/web: the Secret is not there, or cannot be opened: the gateway's log says why",
  })
})

test('whoever is asked about clients is asked, and its answer is told', async () => {
  const annotations = { 'postern.dev/auth-url': `http://127.0.0.1:${auth.port}/verify?secret=1` }
  status = 200
  expect((await explained(annotations)).step).toMatchObject({
    verdict: 'pass',
    details: [`http://127.0.0.1:${auth.port}/verify is asked`],
  })
  status = 403
  const refused = await explained(annotations)
  expect(refused.step?.summary).toBe(
    'refused by postern.dev/auth-url of Service shop/web: whoever is asked refuses it, with 403',
  )
  status = 401
  const signin = { ...annotations, 'postern.dev/auth-signin': 'https://auth.example.com/' }
  expect((await explained(signin)).outcome).toMatchObject({ type: 'reply', status: 302 })
})
