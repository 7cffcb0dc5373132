import { expect, onTestFinished, test, vi } from 'vitest'
import { ClusterWatch } from '../../../src/agent/cluster/cluster-watch.ts'
import { KubeApi } from '../../../src/agent/cluster/kube-api.ts'
import type { ObjectChange } from '../../../src/compile/compilation.ts'
import { referencesOf } from '../../../src/compile/service.ts'
import { systemTimers } from '../../../src/model/clock.node.ts'
import { keyOf } from '../../../src/model/objects/object.ts'
import { compileOptions } from '../../support/compile.ts'
import { kubeConfigOf } from '../../support/scripted-api.ts'
import { SecretApi } from '../../support/secret-api.ts'

const HOLD_MS = 30_000

/** A cluster with a Service that names Secrets a and b. @param holdMs how long the first batch waits for them */
async function watched(prepare: (api: SecretApi) => void, holdMs = HOLD_MS) {
  const api = await SecretApi.start()
  const metadata = {
    ...{ namespace: 'shop', name: 'web', resourceVersion: '1' },
    annotations: { 'postern.dev/expose': 'true', 'postern.dev/tls-secret': 'a, b' },
  }
  api.services = [{ metadata, spec: { ports: [{ port: 80 }] } }]
  api.put('a', { x: 'one' })
  api.put('b', { x: 'two' })
  prepare(api)
  const batches: string[][] = []
  const watch = new ClusterWatch({
    api: new KubeApi(kubeConfigOf(api.port)),
    clock: { now: () => 1_000_000, elapsed: () => 0 },
    timers: { start: (delayMs, fire) => systemTimers.start(delayMs === HOLD_MS ? holdMs : delayMs, fire) },
    random: () => 0.5,
    referencesOf: (service) => referencesOf(service, compileOptions),
    onChanges: async (changes) => {
      batches.push(
        changes
          .map(told)
          .filter((text) => text !== 'time')
          .sort(),
      )
    },
    onTrouble: () => {},
  })
  const stop = new AbortController()
  const running = watch.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
    await api.close()
  })
  return { api, watch, batches }
}

function told(change: ObjectChange): string {
  switch (change.type) {
    case 'put':
      return keyOf(change.object)
    case 'withheld':
      return `${change.key} ${change.reason ?? 'told'}`
    default:
      return change.type
  }
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })

test('the first batch holds the Secrets that Services name: a start takes none away', async () => {
  const { batches, watch } = await watched(() => {})
  await until(() => expect(batches.length).toBeGreaterThan(0))
  expect(batches[0]).toEqual([
    ...['Secret/shop/a', 'Secret/shop/a told', 'Secret/shop/b', 'Secret/shop/b told', 'Service/shop/web'],
  ])
  expect(watch.awaited).toEqual([])
})

test('one that may not be read keeps nothing back', async () => {
  const { batches } = await watched((api) => api.forbid('a'))
  await until(() => expect(batches.length).toBeGreaterThan(0))
  expect(batches[0]).toEqual([
    ...['Secret/shop/a forbidden', 'Secret/shop/b', 'Secret/shop/b told', 'Service/shop/web'],
  ])
})

test('Secrets about which there is no answer keep the rest back only for a while', async () => {
  const { batches, watch } = await watched((api) => {
    api.isStuck = true
  }, 50)
  await until(() => expect(batches.length).toBeGreaterThan(0))
  expect(batches[0]).toEqual(['Secret/shop/a unread', 'Secret/shop/b unread', 'Service/shop/web'])
  expect(watch.awaited).toEqual([])
  expect(watch.observedAt()).toBe(1_000_000)
})
