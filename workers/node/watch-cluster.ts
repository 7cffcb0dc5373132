import { hostname } from 'node:os'
import { Agent } from '../../src/agent/agent.ts'
import { ClusterWatch } from '../../src/agent/cluster/cluster-watch.ts'
import { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import { ProblemEvents } from '../../src/agent/events/problem-events.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { Publisher } from '../../src/registry/publisher.ts'
import { observePublishes, observeTriggers } from '../../src/telemetry/sync-observer.ts'
import { beat } from './heartbeat.ts'
import { loadKubeConfig } from './kubeconfig.ts'
import { say } from './say.ts'
import type { Telemetry } from './telemetry.ts'

export interface WatchedCluster {
  /** Why nothing has been published yet; undefined once it has. */
  notReadyReason(): string | undefined
  observedAt(): number | undefined
  /** How many problems are not written as Events yet. */
  eventsWaiting(): number
  stop(): Promise<void>
}

export interface WatchClusterOptions {
  readonly kubeconfig: string | undefined
  readonly compile: CompileOptions
  readonly publisher: Publisher
  /** Whether problems are written to the cluster, as Events on its objects. */
  readonly writesEvents: boolean
  readonly telemetry: Telemetry
}

/** The agent over a cluster: watches, compiles and publishes until stopped. */
export function watchCluster(options: WatchClusterOptions): WatchedCluster {
  const { kubeconfig, compile, publisher, writesEvents, telemetry } = options
  const stop = new AbortController()
  const api = new KubeApi(loadKubeConfig(kubeconfig))
  const system = { clock: systemClock, timers: systemTimers, random: systemRandom, onTrouble: say }
  const events = writesEvents ? new ProblemEvents({ ...system, api, instance: hostname() }) : undefined
  const agent = new Agent({
    compile,
    publisher,
    onProblems: (changed) => events?.update(changed),
    sync: observePublishes({ ...telemetry, clock: systemClock }),
  })
  const watch = new ClusterWatch({
    ...system,
    api,
    onTriggered: observeTriggers(telemetry.meter),
    onChanges: async (changes, receivedAt) => {
      await agent.apply(changes, watch.observedAt() ?? 0, receivedAt)
    },
  })
  const running = Promise.all([
    watch.run(stop.signal),
    events?.run(stop.signal),
    beat(publisher, () => (watch.awaited.length === 0 ? watch.observedAt() : undefined), stop.signal),
  ])
  return {
    notReadyReason: () => {
      if (watch.awaited.length > 0) return `not listed yet: ${watch.awaited.join(', ')}`
      return publisher.hasPublished ? undefined : 'nothing has been published yet'
    },
    observedAt: () => watch.observedAt(),
    eventsWaiting: () => events?.waiting ?? 0,
    stop: async () => {
      stop.abort()
      await running
    },
  }
}
