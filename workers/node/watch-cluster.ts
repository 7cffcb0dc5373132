import { hostname } from 'node:os'
import { Acme, type AcmeOptions } from '../../src/agent/acme/acme.ts'
import { NoAuthority } from '../../src/agent/acme/no-authority.ts'
import { Agent, type AgentOptions, type SyncObserver } from '../../src/agent/agent.ts'
import { ClusterWatch } from '../../src/agent/cluster/cluster-watch.ts'
import type { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import { ProblemEvents } from '../../src/agent/events/problem-events.ts'
import type { Candidate } from '../../src/agent/leader/candidate.ts'
import { ServiceStatuses } from '../../src/agent/status/service-statuses.ts'
import type { ObjectChange } from '../../src/compile/compilation.ts'
import type { CompileOptions } from '../../src/compile/output.ts'
import { referencesOf } from '../../src/compile/service.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { LoadBalancerIngress } from '../../src/model/objects/service.ts'
import type { Publisher } from '../../src/registry/publisher.ts'
import { observePublishes, observeTriggers } from '../../src/telemetry/sync-observer.ts'
import { beat } from './heartbeat.ts'
import { say } from './say.ts'
import type { Telemetry } from './telemetry.ts'

export interface WatchedCluster {
  /** Why nothing has been published yet, neither here nor by another agent; undefined once it has. */
  notReadyReason(): string | undefined
  observedAt(): number | undefined
  /** How many problems are to be written as Events from here, and are not yet. */
  eventsWaiting(): number
  /** Writes what is known to the registry and to the cluster, at once and then as it changes, until aborted. */
  lead(term: AbortSignal): Promise<void>
  stop(): Promise<void>
}

export type AcmeSource = Pick<AcmeOptions, 'directory' | 'ca' | 'account' | 'secrets'>

export interface WatchClusterOptions {
  readonly api: KubeApi
  readonly compile: CompileOptions
  readonly publisher: Publisher
  readonly secrets: AgentOptions['secrets']
  /** The election that decides when to lead; undefined: always. */
  readonly candidate: Candidate | undefined
  /** Whether problems are written to the cluster, as Events on its objects. */
  readonly writesEvents: boolean
  /** Where the gateways are reached, for the status of Services; with none, no status is written. */
  readonly gatewayAddresses: readonly LoadBalancerIngress[]
  /** Where certificates are ordered; undefined: nowhere. */
  readonly acme?: AcmeSource | undefined
  readonly telemetry: Telemetry
  /** See ClusterWatch. */
  readonly onListing?: (isListing: boolean) => void
}

/** The agent over a cluster: watches and compiles until stopped, also while another agent publishes. */
export function watchCluster(options: WatchClusterOptions): WatchedCluster {
  const { api, compile, publisher, candidate, writesEvents, gatewayAddresses, telemetry, onListing } = options
  const stop = new AbortController()
  const isLeading = (): boolean => candidate?.isLeading ?? true
  const system = { clock: systemClock, timers: systemTimers, random: systemRandom, onTrouble: say }
  const events = writesEvents ? new ProblemEvents({ ...system, api, instance: hostname() }) : undefined
  const statuses =
    gatewayAddresses.length > 0
      ? new ServiceStatuses({
          ...system,
          api,
          addresses: gatewayAddresses,
          loadBalancerClass: compile.loadBalancerClass,
        })
      : undefined
  const apply = async (changes: readonly ObjectChange[]): Promise<void> => {
    // After what is being applied: published before it, a part would stand for the whole.
    await Promise.resolve()
    await agent.apply(changes, watch.observedAt() ?? 0, systemClock.now())
  }
  const acme = options.acme && new Acme({ ...system, ...options.acme, apply })
  const noAuthority = options.acme ? undefined : new NoAuthority({ apply, onTrouble: say })
  const agent = new Agent({
    compile,
    publisher,
    secrets: options.secrets,
    onProblems: (changed) => events?.update(changed),
    onServices: (changed) => {
      statuses?.update(changed)
      acme?.update(changed)
      noAuthority?.update(changed)
    },
    sync: onlyWhile(isLeading, observePublishes({ ...telemetry, clock: systemClock })),
  })
  const watch = new ClusterWatch({
    ...system,
    api,
    onTriggered: observeTriggers(telemetry.meter),
    ...(onListing && { onListing }),
    given: (key) => agent.object(key),
    referencesOf: (service) => referencesOf(service, compile),
    onChanges: async (changes, receivedAt) => {
      await agent.apply(changes, watch.observedAt() ?? 0, receivedAt)
    },
  })
  const observedAt = (): number | undefined => (watch.awaited.length === 0 ? watch.observedAt() : undefined)
  const lead = async (term: AbortSignal): Promise<void> => {
    await Promise.all([
      events?.run(term),
      statuses?.run(term),
      acme?.run(term),
      beat(publisher, observedAt, term, 0),
    ])
  }
  const running = Promise.all([
    watch.run(stop.signal),
    candidate === undefined ? lead(stop.signal) : candidate.run(stop.signal),
  ])
  return {
    notReadyReason: () => {
      if (watch.awaited.length > 0) return `not listed yet: ${watch.awaited.join(', ')}`
      if (publisher.hasPublished) return undefined
      if (isLeading()) return 'nothing has been published yet'
      return candidate?.holder === '' ? 'no agent leads yet' : undefined
    },
    observedAt: () => watch.observedAt(),
    eventsWaiting: () => (isLeading() ? (events?.waiting ?? 0) : 0),
    lead,
    stop: async () => {
      stop.abort()
      await running
    },
  }
}

/** What another agent publishes is not measured here. */
function onlyWhile(isLeading: () => boolean, sync: SyncObserver): SyncObserver {
  const unmeasured = { traceparent: undefined, ended: () => {} }
  return { began: (receivedAt) => (isLeading() ? sync.began(receivedAt) : unmeasured) }
}
