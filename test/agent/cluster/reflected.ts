import { onTestFinished, vi } from 'vitest'
import { type WatchedKind, watchedKinds } from '../../../src/agent/cluster/kinds.ts'
import { KubeApi, type KubeTimeouts } from '../../../src/agent/cluster/kube-api.ts'
import { Reflector } from '../../../src/agent/cluster/reflector.ts'
import {
  instantTimers,
  kubeConfigOf,
  type Script,
  Seen,
  startScriptedApi,
} from '../../support/scripted-api.ts'

export function kindOf(name: WatchedKind['kind']): WatchedKind {
  const kind = watchedKinds.find(({ kind }) => kind === name)
  if (kind === undefined) throw new Error(`${name} is not watched`)
  return kind
}

export interface ReflectedOptions {
  readonly kind?: WatchedKind['kind']
  readonly timeouts?: KubeTimeouts
}

/** A real reflector over the real client, against a server that follows a script. Time stands still. */
export async function reflected(script: Script, { kind = 'Service', timeouts }: ReflectedOptions = {}) {
  const api = await startScriptedApi(() => script)
  const seen = new Seen()
  const troubles: string[] = []
  const time = { now: 1_000_000, elapsed: 0 }
  const { timers, delaysMs } = instantTimers()
  const state = { lists: 0 }
  const reflector = new Reflector({
    api: new KubeApi(kubeConfigOf(api.port), timeouts),
    kind: kindOf(kind),
    clock: { now: () => time.now, elapsed: () => time.elapsed },
    timers,
    random: () => 0.5,
    onChange: (change) => seen.take(change),
    onListing: () => {},
    onListed: () => {
      state.lists++
    },
    // Ports differ from run to run.
    onTrouble: (error) => troubles.push(error.message.replaceAll(`:${api.port}`, '')),
  })
  const stop = new AbortController()
  const running = reflector.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
    await api.close()
  })
  const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })
  return { seen, troubles, time, delaysMs, state, reflector, asked: api.asked, until }
}

/** A Service as a list holds it. */
export function service(name: string, version = '1', type: unknown = 'ClusterIP') {
  return {
    metadata: { name, namespace: 'shop', resourceVersion: version },
    spec: { type, ports: [{ port: 80 }] },
  }
}

/** An object as a watch holds it. */
export function typed<T extends object>(object: T, kind = 'Service') {
  return { apiVersion: 'v1', kind, ...object }
}
