import { expect, onTestFinished, test, vi } from 'vitest'
import { ClusterWatch } from '../../../src/agent/cluster/cluster-watch.ts'
import { watchedKinds } from '../../../src/agent/cluster/kinds.ts'
import { KubeApi } from '../../../src/agent/cluster/kube-api.ts'
import type { ObjectChange } from '../../../src/compile/compilation.ts'
import { systemTimers } from '../../../src/model/clock.node.ts'
import type { Timers } from '../../../src/model/clock.ts'
import { refusedPort } from '../../support/free-port.ts'
import {
  type Answer,
  json,
  kubeConfigOf,
  line,
  page,
  type Script,
  Seen,
  silent,
  startScriptedApi,
  status,
} from '../../support/scripted-api.ts'
import { service, typed } from './reflected.ts'

/** Backoffs end at once, what settles takes its time. */
const quickTimers: Timers = { start: (delayMs, fire) => systemTimers.start(Math.min(delayMs, 10), fire) }

function watched(port: number, onBatch: (batch: readonly ObjectChange[]) => Promise<void> = async () => {}) {
  const seen = new Seen()
  const troubles: string[] = []
  const batches: number[] = []
  const listings: boolean[] = []
  const time = { now: 1_000_000 }
  const watch = new ClusterWatch({
    api: new KubeApi(kubeConfigOf(port)),
    clock: { now: () => time.now, elapsed: () => 0 },
    timers: quickTimers,
    random: () => 0.5,
    onChanges: async (changes) => {
      batches.push(changes.length)
      await onBatch(changes)
      for (const change of changes) seen.take(change)
    },
    onListing: (isListing) => listings.push(isListing),
    onTrouble: (error) => troubles.push(error.message),
  })
  const stop = new AbortController()
  const running = watch.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
  })
  return { watch, seen, troubles, batches, listings, time }
}

async function scripted(scriptOf: (path: string) => Script | undefined) {
  const kindAt = (path: string) => watchedKinds.find((kind) => kind.path === path)?.kind ?? ''
  const api = await startScriptedApi((path) => scriptOf(path) ?? { lists: [page(kindAt(path), [])] })
  onTestFinished(() => api.close())
  return api
}

const SERVICES = '/api/v1/services'
const POLICIES = '/apis/networking.k8s.io/v1/networkpolicies'

test('an API server that is away is said in one way for all kinds, with its name; nothing is given', async () => {
  const port = await refusedPort()
  const { watch, troubles, batches } = watched(port)
  await vi.waitFor(() => expect(troubles.length).toBeGreaterThan(12))
  expect(new Set(troubles)).toEqual(
    new Set([
      `Cannot reach the API server at http://127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
    ]),
  )
  expect(watch.awaited).toEqual(watchedKinds.map(({ kind }) => kind))
  expect(watch.observedAt()).toBeUndefined()
  expect(batches).toEqual([])
})

test('a kind that is forbidden is said, and keeps back everything until it may be read', async () => {
  const state = { isAllowed: false }
  const refused = json(status(403, 'networkpolicies is forbidden'), 403)
  const policies: Answer = (response, query) =>
    (state.isAllowed ? page('NetworkPolicy', []) : refused)(response, query)
  const api = await scripted((path) =>
    path === POLICIES
      ? { lists: [policies] }
      : path === SERVICES
        ? { lists: [page('Service', [service('a')])] }
        : undefined,
  )
  const { watch, seen, troubles, batches } = watched(api.port)
  await vi.waitFor(() => expect(watch.awaited).toEqual(['NetworkPolicy']))
  const before = troubles.length
  await vi.waitFor(() => expect(troubles.length).toBeGreaterThan(before + 3))
  expect(troubles[0]).toBe(
    `Cannot list ${POLICIES} at http://127.0.0.1:${api.port}: 403: networkpolicies is forbidden`,
  )
  expect(batches).toEqual([])
  expect(watch.observedAt()).toBeUndefined()
  state.isAllowed = true
  await vi.waitFor(() => expect([...seen.objects.keys()]).toEqual(['Service/shop/a']))
  expect(watch.awaited).toEqual([])
  expect(batches).toEqual([1])
})

test('after a stall one more gathering hears what had come meanwhile', async () => {
  const api = await scripted((path) =>
    path === SERVICES ? { lists: [page('Service', [service('a')])] } : undefined,
  )
  const time = { elapsed: 0 }
  const given: number[] = []
  const givenAtEnd: number[] = []
  const gatherings: Timers = {
    start: (delayMs, fire) =>
      systemTimers.start(Math.min(delayMs, 10), () => {
        const isGathering = delayMs === 10
        if (isGathering && givenAtEnd.length === 0) time.elapsed += 100
        fire()
        if (isGathering) givenAtEnd.push(given.length)
      }),
  }
  const watch = new ClusterWatch({
    api: new KubeApi(kubeConfigOf(api.port)),
    clock: { now: () => 1_000_000, elapsed: () => time.elapsed },
    timers: gatherings,
    random: () => 0.5,
    onChanges: async (changes) => void given.push(changes.length),
    onTrouble: () => {},
  })
  const stop = new AbortController()
  const running = watch.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
  })
  await vi.waitFor(() => expect(givenAtEnd).toEqual([0, 1]))
  expect(given).toEqual([1])
})

test('an empty cluster is given too, as one empty batch', async () => {
  const api = await scripted(() => undefined)
  const { batches } = watched(api.port)
  await vi.waitFor(() => expect(batches).toEqual([0]))
})

test('of an object that changes again and again while a batch is under way the last state is given', async () => {
  const state: { write?: (text: string) => void; end?: () => void } = {}
  const open: Answer = (response, query) => {
    silent(response, query)
    state.write = (text) => response.write(text)
  }
  const api = await scripted((path) =>
    path === SERVICES ? { lists: [page('Service', [service('a')])], watches: [open] } : undefined,
  )
  const hold = Promise.withResolvers<void>()
  let taken = 0
  const { seen, batches } = watched(api.port, async (batch) => {
    taken = batch.length
    if (batches.length === 1) await hold.promise
  })
  await vi.waitFor(() => expect(taken).toBe(1))
  await vi.waitFor(() => expect(state.write).toBeDefined())
  for (const [version, type] of [
    ['11', 'NodePort'],
    ['12', 'LoadBalancer'],
    ['13', 'NodePort'],
  ])
    state.write?.(line('MODIFIED', typed(service('a', version, type))))
  state.write?.(line('ADDED', typed(service('b', '14'))))
  hold.resolve()
  await vi.waitFor(() =>
    expect([...seen.objects.keys()].sort()).toEqual(['Service/shop/a', 'Service/shop/b']),
  )
  await vi.waitFor(() =>
    expect(seen.objects.get('Service/shop/a')).toMatchObject({ spec: { type: 'NodePort' } }),
  )
})

test('a batch that cannot be published is said, and the next one is given', async () => {
  const state: { write?: (text: string) => void } = {}
  const open: Answer = (response, query) => {
    silent(response, query)
    state.write = (text) => response.write(text)
  }
  const api = await scripted((path) =>
    path === SERVICES ? { lists: [page('Service', [])], watches: [open] } : undefined,
  )
  const { seen, troubles, batches } = watched(api.port, async () => {
    if (batches.length === 1) throw new Error('Redis is away')
  })
  await vi.waitFor(() => expect(troubles).toEqual(['Redis is away']))
  await vi.waitFor(() => expect(state.write).toBeDefined())
  state.write?.(line('ADDED', typed(service('b', '14'))))
  await vi.waitFor(() => expect([...seen.objects.keys()]).toEqual(['Service/shop/b']))
})

test('what is observed is as old as the oldest of its watches', async () => {
  const cut: Answer = (response) => response.destroy()
  const api = await scripted((path) =>
    path === POLICIES ? { lists: [page('NetworkPolicy', []), cut], watches: [cut] } : undefined,
  )
  const { watch, time, troubles } = watched(api.port)
  await vi.waitFor(() => expect(watch.observedAt()).toBe(1_000_000))
  await vi.waitFor(() => expect(troubles.length).toBeGreaterThan(5))
  time.now += 60_000
  expect(watch.observedAt()).toBe(1_000_000)
})

test('it is told when lists begin and when all are over, also of one that fails', async () => {
  const refuse = json(status(500, 'etcd is away'), 500)
  const api = await scripted((path) =>
    path === SERVICES ? { lists: [refuse, page('Service', [service('a')])], watches: [silent] } : undefined,
  )
  const { watch, listings } = watched(api.port)
  await vi.waitFor(() => expect(watch.awaited).toEqual([]))
  // Kinds are listed at their own pace: there may be pauses, with nothing being listed.
  await vi.waitFor(() => expect(listings.at(-1)).toBe(false))
  expect(listings).toEqual(listings.map((_, at) => at % 2 === 0))
})

test('lists are over only when what they brought has been taken in', async () => {
  const api = await scripted((path) =>
    path === SERVICES ? { lists: [page('Service', [service('a')])], watches: [silent] } : undefined,
  )
  const taken = Promise.withResolvers<void>()
  const { watch, batches, listings } = watched(api.port, () => taken.promise)
  await vi.waitFor(() => expect(batches).toEqual([1]))
  await vi.waitFor(() => expect(watch.observedAt()).toBe(1_000_000))
  expect(listings.at(-1)).toBe(true)
  taken.resolve()
  await vi.waitFor(() => expect(listings.at(-1)).toBe(false))
})
