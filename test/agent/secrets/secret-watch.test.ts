import { expect, onTestFinished, test, vi } from 'vitest'
import { KubeApi } from '../../../src/agent/cluster/kube-api.ts'
import { SecretWatch } from '../../../src/agent/secrets/secret-watch.ts'
import type { ObjectChange } from '../../../src/compile/compilation.ts'
import { referencesOf } from '../../../src/compile/service.ts'
import { systemTimers } from '../../../src/model/clock.node.ts'
import type { Timers } from '../../../src/model/clock.ts'
import { keyOf } from '../../../src/model/objects/object.ts'
import { compileOptions } from '../../support/compile.ts'
import { objectOf } from '../../support/pairs.ts'
import { kubeConfigOf } from '../../support/scripted-api.ts'
import { SecretApi } from '../../support/secret-api.ts'

const HOUR_MS = 3_600_000
/** Backoffs and polls end soon, the hour does not. */
const quickTimers: Timers = {
  start: (delayMs, fire) => systemTimers.start(delayMs >= HOUR_MS ? delayMs : Math.min(delayMs, 10), fire),
}

async function watched(maxWatches?: number) {
  const api = await SecretApi.start()
  const objects = new Map<string, unknown>()
  const withheld = new Map<string, string>()
  const troubles: string[] = []
  const state = { settled: 0, times: 0 }
  const watch = new SecretWatch({
    api: new KubeApi(kubeConfigOf(api.port)),
    // Each moment is a minute after the one before, so that no watch counts as short and no rate is reached.
    clock: { now: () => 1_000_000, elapsed: () => (state.times += 60_000) },
    timers: quickTimers,
    random: () => 0.5,
    referencesOf: (service) => referencesOf(service, compileOptions),
    ...(maxWatches !== undefined && { maxWatches }),
    onChange: (change) => {
      if (change.type === 'put') objects.set(keyOf(change.object), change.object)
      if (change.type === 'delete') objects.delete(change.key)
      if (change.type === 'withheld' && change.reason !== undefined) withheld.set(change.key, change.reason)
      if (change.type === 'withheld' && change.reason === undefined) withheld.delete(change.key)
    },
    onSettled: () => state.settled++,
    onTrouble: (error) => troubles.push(error.message),
  })
  const stop = new AbortController()
  const running = watch.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
    await api.close()
  })
  return { api, watch, objects, withheld, troubles, state }
}

function service(name: string, secrets?: string): ObjectChange {
  const annotations = {
    'postern.dev/expose': 'true',
    ...(secrets !== undefined && { 'postern.dev/tls-secret': secrets }),
  }
  const metadata = { namespace: 'shop', name, annotations }
  return {
    type: 'put',
    object: objectOf({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } }),
  }
}

const keysOf = (map: ReadonlyMap<string, unknown>) => [...map.keys()].sort()
const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })

test('what a Service names is listed and watched by its name, and nothing else is asked for', async () => {
  const { api, watch, objects, withheld } = await watched()
  api.put('a', { x: 'one' })
  api.put('b', { x: 'two' })
  watch.note(service('web', 'a'))
  watch.note(service('idle'))
  expect([...withheld]).toEqual([['Secret/shop/a', 'unread']])
  expect(watch.awaited).toBe(1)
  await until(() => expect(keysOf(objects)).toEqual(['Secret/shop/a']))
  expect([watch.awaited, withheld.size]).toEqual([0, 0])
  await until(() => expect(api.watches).toBe(1))
  api.put('a', { x: 'three' })
  await until(() => expect(objects.get('Secret/shop/a')).toMatchObject({ data: { x: btoa('three') } }))
  api.delete('a')
  await until(() => expect(keysOf(objects)).toEqual([]))
  expect(new Set(api.asked)).toEqual(
    new Set(['list', 'watch'].map((verb) => `${verb} /api/v1/namespaces/shop/secrets a`)),
  )
})

test('a watch lasts from the first Service that names it to the last', async () => {
  const { api, watch, objects } = await watched()
  api.put('a', { x: 'one' })
  watch.note(service('web', 'a'))
  watch.note(service('api', 'a'))
  await until(() => expect(api.watches).toBe(1))
  watch.note({ type: 'delete', key: 'Service/shop/web' })
  expect(keysOf(objects)).toEqual(['Secret/shop/a'])
  watch.note(service('api'))
  expect(keysOf(objects)).toEqual([])
  await until(() => expect(api.watches).toBe(0))
  expect(api.asked.filter((asked) => asked.startsWith('watch'))).toHaveLength(1)
})

test('one that may not be read is told, keeps no other back, and is read once it may be', async () => {
  const { api, watch, objects, withheld, troubles } = await watched()
  api.put('a', { x: 'one' })
  api.put('b', { x: 'two' })
  api.forbid('a')
  watch.note(service('web', 'a, b'))
  await until(() => expect(watch.awaited).toBe(0))
  expect([...withheld]).toEqual([['Secret/shop/a', 'forbidden']])
  expect(keysOf(objects)).toEqual(['Secret/shop/b'])
  expect(troubles).toEqual([])
  api.allow('a')
  await until(() => expect(keysOf(objects)).toEqual(['Secret/shop/a', 'Secret/shop/b']))
  expect(withheld.size).toBe(0)
})

test('when the right is taken away, what was read stays and it is told', async () => {
  const { api, watch, objects, withheld } = await watched()
  api.put('a', { x: 'one' })
  watch.note(service('web', 'a'))
  await until(() => expect(api.watches).toBe(1))
  api.forbid('a')
  api.endWatches()
  await until(() => expect([...withheld]).toEqual([['Secret/shop/a', 'forbidden']]))
  expect(keysOf(objects)).toEqual(['Secret/shop/a'])
})

test('beyond so many watches, Secrets are read again and again instead', async () => {
  const { api, watch, objects, withheld } = await watched(2)
  const names = ['a', 'b', 'c', 'd']
  for (const name of names) api.put(name, { x: 'one' })
  watch.note(service('web', names.join()))
  await until(() => expect(objects.size).toBe(4))
  await until(() => expect(api.watches).toBe(2))
  const changed = names.map((name) => `Secret/shop/${name}`)
  for (const name of names) api.put(name, { x: 'two' })
  await until(() => {
    for (const key of changed) expect(objects.get(key)).toMatchObject({ data: { x: btoa('two') } })
  })
  expect([api.watches, withheld.size]).toEqual([2, 0])
})

test('an API server that is away is said, and what it may still hold is awaited', async () => {
  const { api, watch, withheld, troubles } = await watched()
  await api.close()
  watch.note(service('web', 'a'))
  await until(() => expect(troubles.length).toBeGreaterThan(2))
  expect([watch.awaited, [...withheld.values()]]).toEqual([1, ['unread']])
})
