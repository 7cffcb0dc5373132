import { expect, onTestFinished, test, vi } from 'vitest'
import { ClusterWatch } from '../../../src/agent/cluster/cluster-watch.ts'
import { watchedKinds } from '../../../src/agent/cluster/kinds.ts'
import { KubeApi } from '../../../src/agent/cluster/kube-api.ts'
import { systemTimers } from '../../../src/model/clock.node.ts'
import type { Timers } from '../../../src/model/clock.ts'
import {
  type Answer,
  kubeConfigOf,
  line,
  page,
  type Script,
  Seen,
  silent,
  startScriptedApi,
} from '../../support/scripted-api.ts'

/** What is held, is held for ever; nothing else waits. */
const endlessHold: Timers = {
  start: (delayMs, fire) =>
    delayMs === 1_000 ? { restart() {}, cancel() {} } : systemTimers.start(Math.min(delayMs, 10), fire),
}

function pod(id: number) {
  return {
    metadata: { name: `web-${id}`, namespace: 'shop', uid: `u${id}`, resourceVersion: `${10 + id}` },
    spec: { containers: [{}] },
    status: { phase: 'Running', podIP: `10.244.0.${id}` },
  }
}

function slice(name: string, id: number) {
  return {
    metadata: { name, namespace: 'shop', resourceVersion: `${10 + id}` },
    addressType: 'IPv4',
    ports: [{ port: 8080 }],
    endpoints: [
      { addresses: [`10.244.0.${id}`], targetRef: { kind: 'Pod', name: `web-${id}`, uid: `u${id}` } },
    ],
  }
}

test('a slice whose Pod the other watch has not told of is given once it has', async () => {
  const writes = new Map<string, (text: string) => void>()
  const open =
    (kind: string): Answer =>
    (response, query) => {
      silent(response, query)
      writes.set(kind, (text) => response.write(text))
    }
  const scripts: Record<string, Script> = {
    Pod: { lists: [page('Pod', [pod(1)])], watches: [open('Pod')] },
    EndpointSlice: { lists: [page('EndpointSlice', [slice('web', 1)])], watches: [open('EndpointSlice')] },
  }
  const api = await startScriptedApi((path) => {
    const kind = watchedKinds.find((each) => each.path === path)?.kind ?? ''
    return scripts[kind] ?? { lists: [page(kind, [])] }
  })
  const seen = new Seen()
  const watch = new ClusterWatch({
    api: new KubeApi(kubeConfigOf(api.port)),
    clock: { now: () => 1_000_000, elapsed: () => 0 },
    timers: endlessHold,
    random: () => 0.5,
    given: (key) => seen.objects.get(key),
    onChanges: async (changes) => {
      for (const change of changes) seen.take(change)
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
  const podOfSlice = () => {
    const web = seen.objects.get('EndpointSlice/shop/web')
    return web?.kind === 'EndpointSlice' ? web.endpoints[0]?.targetRef?.name : undefined
  }
  await vi.waitFor(() => expect([...writes.keys()].sort()).toEqual(['EndpointSlice', 'Pod']))
  await vi.waitFor(() => expect(podOfSlice()).toBe('web-1'))
  const typed = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }
  writes.get('EndpointSlice')?.(line('MODIFIED', { ...typed, ...slice('web', 2) }))
  writes.get('EndpointSlice')?.(line('ADDED', { ...typed, ...slice('other', 3) }))
  await vi.waitFor(() => expect(seen.objects.has('EndpointSlice/shop/other')).toBe(true))
  expect(podOfSlice()).toBe('web-1')
  writes.get('Pod')?.(line('ADDED', { apiVersion: 'v1', kind: 'Pod', ...pod(2) }))
  await vi.waitFor(() => expect(podOfSlice()).toBe('web-2'))
})
