import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

import { cyclonus, judge } from '../conformance/netpol/cyclonus.ts'
import { decide } from '../conformance/netpol/postern.ts'
import { NAMESPACE, OWN_LABEL, type Scene } from '../conformance/netpol/scenes.ts'

const url = new URL('../fixtures/recipes/network-policy-recipes.yaml', import.meta.url)
const recipes = parseAllDocuments(readFileSync(url, 'utf8')).map((document) => {
  const policy: { metadata: object } = document.toJS()
  return { ...policy, metadata: { ...policy.metadata, namespace: NAMESPACE } }
})

const CLIENTS = ['203.0.113.9', '10.244.0.9', '2001:db8::7'] as const
const ASKS = CLIENTS.flatMap((client) => [80, 8080].map((port) => ({ client, port })))

function sceneOf(policies: readonly number[], labels: Readonly<Record<string, string>>): Scene {
  const metadata = { name: 'pod', namespace: NAMESPACE, labels: { ...labels, ...OWN_LABEL } }
  const status = { podIP: '10.244.0.1', conditions: [{ type: 'Ready', status: 'True' }] }
  const chosen = policies.map((place) => recipes[place] ?? {})
  return { policies: chosen, pods: [{ metadata, spec: { containers: [] }, status }], asks: ASKS }
}

const other = { app: 'elsewhere' }
const web = { app: 'web' }

/** By their place in the file. Peers of selectors are Pods, so nobody from outside is one, whatever address it has. */
const cases: [string, number[], Readonly<Record<string, string>>, 'admitted' | 'refused'][] = [
  ['01 deny all traffic to an application', [0], web, 'refused'],
  ['01, another application', [0], other, 'admitted'],
  ['02 limit traffic to an application', [1], { app: 'bookstore', role: 'api' }, 'refused'],
  ['02, another role', [1], { app: 'bookstore', role: 'db' }, 'admitted'],
  ['02a allow all traffic to an application', [2], web, 'admitted'],
  ['02a after 01: policies are a union', [0, 2], web, 'admitted'],
  ['02a after 03', [3, 2], web, 'admitted'],
  ['02a after 03, another application', [3, 2], other, 'refused'],
  ['03 deny all traffic that is not listed', [3], other, 'refused'],
  ['04 deny traffic from other namespaces', [4], web, 'refused'],
  ['05 allow traffic from all namespaces', [5], web, 'refused'],
  ['05, another application', [5], other, 'admitted'],
  ['06 allow traffic from a namespace', [6], web, 'refused'],
  ['07 allow traffic from some Pods in another namespace', [7], web, 'refused'],
  ['08 allow external traffic', [8], web, 'admitted'],
  ['08 after 03', [3, 8], web, 'admitted'],
  ['09 allow traffic only to a port', [9], { app: 'apiserver' }, 'refused'],
  ['10 allow traffic with several selectors', [10], { app: 'bookstore', role: 'db' }, 'refused'],
  ['10, another role', [10], { app: 'bookstore', role: 'web' }, 'admitted'],
  ['11 deny egress traffic', [11], { app: 'foo' }, 'admitted'],
  ['11, but for DNS', [12], { app: 'foo' }, 'admitted'],
  ['12 deny all egress traffic that is not listed', [13], web, 'admitted'],
  ['12 beside 01', [13, 0], web, 'refused'],
  ['14 deny external egress traffic', [14], { app: 'foo' }, 'admitted'],
]

describe('the well-known recipes', () => {
  test('are all here', () => {
    expect([...new Set(cases.flatMap(([, places]) => places))].toSorted((a, b) => a - b)).toEqual(
      recipes.map((_, i) => i),
    )
  })

  test.each(cases)('%s', (_name, places, labels, verdict) => {
    const scene = sceneOf(places, labels)
    const expected = ASKS.map(() => verdict === 'admitted')
    expect(decide(scene)).toEqual([expected])
  })

  test.skipIf(cyclonus === undefined)('are read by cyclonus as here', () => {
    const scenes = cases.map(([, places, labels]) => sceneOf(places, labels))
    const answers = judge(cyclonus ?? '', scenes).map(([pod]) => pod?.cyclonus)
    expect(answers).toEqual(cases.map(([, , , verdict]) => ASKS.map(() => verdict === 'admitted')))
  })
})
