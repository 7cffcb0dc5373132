import { expect, test } from 'vitest'
import { rateKeyOf } from '../../../src/limits/rate-key.ts'
import { RateLimits } from '../../../src/limits/rate-limits.ts'
import type { RateLimit } from '../../../src/model/limits.ts'
import { evilService, ofOthers, tablesOf } from './neighbours.ts'

const [untouched] = tablesOf([]).map(ofOthers)

const policy = (name: string, spec: object, namespace = 'evil') => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace },
  spec,
})

test.each([
  ['for every Pod, from everywhere', { podSelector: {}, ingress: [{}] }],
  ['for the labels of the neighbours', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{}] }],
  ['that lets nobody in', { podSelector: {} }],
])('a NetworkPolicy of the tenant’s, %s, holds for its own namespace alone', (_, spec) => {
  for (const table of tablesOf([policy('web', spec)])) expect(ofOthers(table)).toEqual(untouched)
})

const naming = [
  'postern.dev/tls-secret',
  'postern.dev/api-keys',
  'postern.dev/basic-auth',
  'postern.dev/backend-tls-client-certificate',
]
const names = [
  'bank/tls',
  '../bank/tls',
  'bank%2Ftls',
  'bank\\tls',
  'tls.bank/../tls',
  '/bank/tls',
  'secret/bank/tls',
]

test.each(naming.flatMap((annotation) => names.map((name) => [annotation, name] as const)))(
  '%s: %s names no Secret of another namespace, and closes what it was to guard',
  (annotation, name) => {
    for (const table of tablesOf([evilService({ name: 'web', annotations: { [annotation]: name } })])) {
      const [rule] = table.route('web.evil.example.test')?.rules ?? []
      expect(rule?.action).toEqual({ type: 'unavailable', problem: 'annotation-invalid' })
      expect(ofOthers(table)).toEqual(untouched)
    }
  },
)

test.each(['postern.dev/backend-tls-ca', 'postern.dev/client-ca'])(
  '%s names no authority of another namespace',
  (annotation) => {
    for (const name of ['secret/bank/ca', 'configmap/../bank/ca', 'configmap/bank%2Fca']) {
      for (const table of tablesOf([evilService({ name: 'web', annotations: { [annotation]: name } })])) {
        const [rule] = table.route('web.evil.example.test')?.rules ?? []
        expect(rule?.action).toEqual({ type: 'unavailable', problem: 'annotation-invalid' })
      }
    }
  },
)

const limit = (key: RateLimit['key']): RateLimit => ({
  count: 1,
  periodMs: 60_000,
  burst: 1,
  key,
  scope: 'local',
})

test('no allowance of the neighbours is used up, whatever the tenant’s clients send', () => {
  const rates = new RateLimits({ clock: { elapsed: () => 0 }, random: () => 0.5, sharing: 'alone' })
  const byHeader = limit({ type: 'header', name: 'x-key' })
  const client = '203.0.113.9'
  const theirs = rateKeyOf(limit({ type: 'client' }), client, () => undefined)
  const sent = [theirs, client, `c${client}`, 'r', 'bank/web:80', `bank/web:80${theirs}`, `\0${theirs}`, '']
  for (const value of sent) {
    for (const service of ['evil/web:80', 'evil/bank-web:80', 'bank-web/a:80']) {
      rates.take(
        service,
        byHeader,
        rateKeyOf(byHeader, client, () => value),
      )
    }
  }
  expect(rates.ask('bank/web:80', limit({ type: 'client' }), theirs)).toEqual({ type: 'admitted', left: 0 })
  // Nor is one kind of key another's within one Service.
  const keys = sent.map((value) => rateKeyOf(byHeader, client, () => value))
  expect(keys).not.toContain(theirs)
  expect(keys).not.toContain(rateKeyOf(limit({ type: 'route' }), client, () => undefined))
})
