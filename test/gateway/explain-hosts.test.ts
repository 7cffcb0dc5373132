import { expect, test } from 'vitest'
import { explain } from '../../src/gateway/explain/explain.ts'
import { onlyCluster } from '../../src/gateway/served-cluster.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { tableOf } from '../support/gateway.ts'

interface Asking {
  readonly namespace?: string
  readonly year?: string
  readonly annotations: object
}

function service(name: string, { namespace = 'shop', year = '2024', annotations }: Asking): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, creationTimestamp: `${year}-01-01T00:00:00Z`, annotations },
    spec: { ports: [{ port: 80 }] },
  }
}

const exposed = (host: string, path = '/') => ({
  'postern.dev/expose': 'true',
  'postern.dev/host': host,
  'postern.dev/path': path,
})

const objects = [
  service('older', { annotations: exposed('c.test') }),
  service('younger', { namespace: 'other', year: '2025', annotations: exposed('c.test', '/x') }),
  service('twin', { year: '2025', annotations: exposed('c.test') }),
  service('misspelt', { annotations: { 'postern.dev/exposed': 'true' } }),
  service('books', { annotations: exposed('Bücher.example') }),
  service('below', { annotations: exposed('*.straße.example') }),
  service('thief', { namespace: 'other', annotations: exposed('*.shop.example.test') }),
]
const table = tableOf(objects.map((object) => JSON.stringify(object)).join('\n---\n'))

/** What is said of the route to a host. */
function routeTo(host: string) {
  const cluster = onlyCluster(() => table, new GatewayState(frozenClock), {
    externalEndpoints: () => undefined,
    staleness: () => undefined,
  })
  const answer = explain(
    { url: `http://${host}/x`, from: '203.0.113.9', method: 'GET', headers: [] },
    { clusters: [cluster], road: { trustedProxies: [], networkPolicy: 'enforce' } },
  )
  if (!answer.ok) throw new Error(answer.faults.join())
  return answer.explanation.steps.find(({ step }) => step === 'route')
}

test('whoever lost a host is named where the winner is found, and so is the field', () => {
  expect(routeTo('c.test')).toMatchObject({
    verdict: 'pass',
    details: expect.arrayContaining([
      expect.stringMatching(
        /^error host-conflict, Service other\/younger, metadata\.annotations\["postern\.dev\/host"\]: /,
      ),
      expect.stringMatching(/^error path-conflict, Service shop\/twin, /),
    ]),
  })
})

test('a default host that a misspelt annotation keeps from its Service names the Service and the annotation', () => {
  expect(routeTo('misspelt.shop.example.test')).toMatchObject({
    verdict: 'stop',
    details: expect.arrayContaining([
      expect.stringMatching(/^error annotation-unknown, Service shop\/misspelt, .*postern\.dev\/exposed/),
    ]),
  })
})

test('a wildcard that was refused is told of the hosts below it, and of no other', () => {
  const refused = expect.stringMatching(/^error host-reserved, Service other\/thief, /)
  expect(routeTo('any.shop.example.test')?.details).toContainEqual(refused)
  expect(routeTo('any.example.test')?.details).not.toContainEqual(refused)
})

test.each([
  ['a letter too few', 'bücher.exampl', 'bücher.example (xn--bcher-kva.example)'],
  ['a letter of an A-label', 'bäcker.example', 'bücher.example (xn--bcher-kva.example)'],
  ['without its accent', 'bucher.example', 'bücher.example (xn--bcher-kva.example)'],
  ['a wildcard', 'x.straßen.example', '*.straße.example (*.xn--strae-oqa.example)'],
])(
  'near misses of international hosts are compared and told as they are written: %s',
  (_case, asked, near) => {
    expect(routeTo(asked)).toMatchObject({
      verdict: 'stop',
      details: [`near misses: ${near}`],
    })
  },
)
