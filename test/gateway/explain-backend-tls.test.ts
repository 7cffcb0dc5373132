import { expect, test } from 'vitest'
import { explainInTime } from '../../src/gateway/explain/explain.ts'
import { ExternalNames } from '../../src/gateway/external-names.ts'
import { roadState } from '../../src/gateway/road-state.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { testAccess } from '../support/access.ts'
import { testIdentities } from '../support/identities.ts'
import { type TlsTableOptions, tlsTable } from '../support/tls-table.ts'

async function explained(options: Omit<TlsTableOptions, 'ports'>) {
  const table = tlsTable({ ports: [8443], ...options })
  const names = new ExternalNames({
    clock: systemClock,
    resolve: () => Promise.reject(new Error('no name server in this test')),
    reach: { allowedCidrs: [], deniedCidrs: [], isNode: () => false },
    onTrouble: () => {},
  })
  const { identities } = testIdentities()
  const stale = { staleness: () => ({ observedMsAgo: 7_200_000, maxStaleMs: 3_600_000 }) }
  const present = roadState(names, stale, { identities })
  const answer = await explainInTime(
    { url: 'http://web.shop.example.test/', from: '203.0.113.9', method: 'GET', headers: [] },
    {
      clusters: [onlyCluster(() => table, new GatewayState(systemClock), present)],
      road: { trustedProxies: [], networkPolicy: 'enforce' },
      names,
      identities,
      ...testAccess(),
    },
  )
  if (!answer.ok) throw new Error(answer.faults.join())
  const { steps, outcome } = answer.explanation
  return { told: steps.find(({ step }) => step === 'TLS behind'), last: steps.at(-1), outcome }
}

test('whom endpoints must prove to be is told, and that they are reached past --max-stale', async () => {
  const { told, outcome } = await explained({
    annotations: { 'postern.dev/backend-tls-server-name': 'a.example.com' },
  })
  expect(told).toEqual({
    step: 'TLS behind',
    verdict: 'pass',
    summary: 'endpoints are verified, says postern.dev/backend-tls-… of Service shop/web',
    details: [
      'SNI a.example.com',
      'the certificate must be for a.example.com, by an authority that the platform trusts',
      'it is reached past --max-stale too: its endpoints prove that they are its own',
    ],
  })
  expect(outcome.type).toBe('forward')
})

test('who need prove nothing is not reached then', async () => {
  const { told, last } = await explained({ annotations: { 'postern.dev/backend-tls-verify': 'false' } })
  expect(told).toMatchObject({
    verdict: 'pass',
    summary: expect.stringContaining('believed, whoever they are'),
  })
  expect(last).toMatchObject({ step: 'freshness', verdict: 'stop' })
})

test('what is not there is named', async () => {
  const { told, outcome } = await explained({ annotations: { 'postern.dev/backend-tls-ca': 'secret/ca' } })
  expect(told).toMatchObject({
    verdict: 'stop',
    summary:
      'closed by postern.dev/backend-tls-… of Service shop/web: Secret/shop/ca is not there, or cannot be read',
  })
  expect(outcome).toMatchObject({ status: 503 })
})

test('a certificate of ours that is sealed, and cannot be opened without a key, says so', async () => {
  const { told } = await explained({
    annotations: { 'postern.dev/backend-tls-client-certificate': 'mine' },
    credentials: {
      'shop/mine': { type: 'client-certificate', secret: { form: 'sealed', tag: '', jwe: '{}' } },
    },
  })
  expect(told).toMatchObject({ verdict: 'stop', summary: expect.stringContaining('has no sealing key') })
})
