import { Agent } from '../../src/agent/agent.ts'
import { ClusterWatch } from '../../src/agent/cluster/cluster-watch.ts'
import { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { Publisher } from '../../src/registry/publisher.ts'
import { beat } from './heartbeat.ts'
import { loadKubeConfig } from './kubeconfig.ts'
import { say } from './say.ts'

export interface WatchedCluster {
  /** Why nothing has been published yet; undefined once it has. */
  notReadyReason(): string | undefined
  observedAt(): number | undefined
  stop(): Promise<void>
}

/** The agent over a cluster: watches, compiles and publishes until stopped. */
export function watchCluster(
  kubeconfig: string | undefined,
  compile: CompileOptions,
  publisher: Publisher,
): WatchedCluster {
  const stop = new AbortController()
  const agent = new Agent({ compile, publisher })
  const watch = new ClusterWatch({
    api: new KubeApi(loadKubeConfig(kubeconfig)),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    onTrouble: say,
    onChanges: async (changes) => {
      await agent.apply(changes, watch.observedAt() ?? 0)
    },
  })
  const running = Promise.all([
    watch.run(stop.signal),
    beat(publisher, () => (watch.awaited.length === 0 ? watch.observedAt() : undefined), stop.signal),
  ])
  return {
    notReadyReason: () => {
      if (watch.awaited.length > 0) return `not listed yet: ${watch.awaited.join(', ')}`
      return publisher.hasPublished ? undefined : 'nothing has been published yet'
    },
    observedAt: () => watch.observedAt(),
    stop: async () => {
      stop.abort()
      await running
    },
  }
}
