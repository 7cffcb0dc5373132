import { expect, test } from 'vitest'
import { explain } from '../../src/gateway/explain/explain.ts'
import { formatExplanation } from '../../src/gateway/explain/explanation.ts'
import type { ServedCluster } from '../../src/gateway/served-cluster.ts'
import { clusterOf, site } from '../support/clusters.ts'

function told(clusters: readonly ServedCluster[], host = 'shop.example.com'): string {
  const answer = explain(
    { url: `http://${host}/`, from: '203.0.113.9', method: 'GET', headers: [] },
    {
      clusters,
      road: { trustedProxies: [], networkPolicy: 'enforce' },
    },
  )
  return answer.ok ? formatExplanation(answer.explanation) : answer.faults.join('\n')
}

const own = clusterOf('own', { weight: 1, yaml: site({}) })
const thief = clusterOf('north', { yaml: site({ namespace: 'evil', pods: ['10.3.0.1'] }) })
const west = clusterOf('west', { weight: 2, yaml: site({ pods: ['10.1.0.1'] }) })

test('each cluster that is asked is told, with what came of it', () => {
  const lines = told([own, thief, west]).split('\n')
  expect(lines.filter((line) => /^[✓✗→]/.test(line))).toEqual([
    '✓ cluster: own, weight 1',
    '✓ client: 203.0.113.9, the address that the connection comes from; http',
    '✓ method: GET',
    '✓ host: shop.example.com',
    '✓ route: shop.example.com is exposed exactly',
    "✓ rule: / is Service shop/web's",
    '✓ service: shop/web:80, to its Pods, least-request',
    '✓ source ranges: none are set',
    '✓ token: none is asked for',
    '✗ endpoints: 0 can serve, 0 cannot',
    '✓ cluster: west, weight 2',
    '✓ route: shop.example.com is exposed exactly',
    "✓ rule: / is Service shop/web's",
    '✓ service: shop/web:80, to its Pods, least-request',
    '✓ source ranges: none are set',
    '✓ token: none is asked for',
    '✓ endpoints: 1 can serve, 0 cannot',
    '✓ network policy: no NetworkPolicy selects its Pods',
    '→ forwarded to 10.1.0.1:80 in cluster west as /, Host shop.example.com, answered within 60000 ms',
  ])
})

test("a cluster is passed over where the host is another namespace's", () => {
  const text = told([own, thief])
  expect(text).toContain(
    "✗ namespace: shop.example.com is namespace shop's, and evil's in north: it is passed over",
  )
  expect(text).toMatch(/→ 503 endpoints-none/)
})

test('a cluster that has not been loaded says so', () => {
  const text = told([own, clusterOf('west', { yaml: undefined })], 'new.example.com')
  expect(text).toContain('✗ route: nothing is exposed at new.example.com\n')
  expect(text).toContain('✗ cluster: west: no table of it has been loaded yet')
  expect(text).toMatch(/→ 503 endpoints-none/)
})
