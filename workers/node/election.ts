import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { KubeConfig } from '@kubernetes/client-node'
import type { KubeApi } from '../../src/agent/cluster/kube-api.ts'
import { Candidate } from '../../src/agent/leader/candidate.ts'
import { kubeLeases, type LeaseName } from '../../src/agent/leader/kube-leases.ts'
import type { AgentConfig } from '../../src/cli/config.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { say } from './say.ts'

const LEASE_NAME = 'postern-agent'
/** Of the duration: as much as clocks may differ in speed, and as often as a request may fail. */
const DEADLINE_SHARE = 2 / 3
const RETRY_SHARE = 1 / 5

type ElectionConfig = Pick<AgentConfig, 'lease' | 'leaseDurationMs'>

/** Takes part in the election of the agent that publishes. @param lead what it does while it leads */
export function createCandidate(
  { lease, leaseDurationMs }: ElectionConfig,
  kubeconfig: KubeConfig,
  api: KubeApi,
  lead: (term: AbortSignal) => Promise<void>,
): Candidate {
  const name = lease ?? { namespace: ownNamespace(kubeconfig), name: LEASE_NAME }
  return new Candidate({
    // A container that is restarted in its Pod is not the one that it was.
    identity: `${hostname()}_${randomUUID()}`,
    leases: kubeLeases(api, name, systemRandom),
    durationMs: leaseDurationMs,
    renewDeadlineMs: leaseDurationMs * DEADLINE_SHARE,
    retryMs: leaseDurationMs * RETRY_SHARE,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    lead: (term) => announced(name, term, lead),
    onTrouble: say,
  })
}

/** What an agent says that it is ready for; nothing of one that leads. */
export function roleOf({ isLeading, isHolder, holder }: Candidate): string | undefined {
  if (isLeading) return undefined
  return holder === '' || isHolder ? 'standing by, no leader is known' : `standing by, ${holder} leads`
}

/** The Pod's in a cluster, else as kubectl takes it. */
export function ownNamespace(kubeconfig: KubeConfig): string {
  return kubeconfig.getContextObject(kubeconfig.getCurrentContext())?.namespace?.trim() || 'default'
}

async function announced(
  { namespace, name }: LeaseName,
  term: AbortSignal,
  lead: (term: AbortSignal) => Promise<void>,
): Promise<void> {
  console.error(`postern: this agent leads, by Lease ${namespace}/${name}`)
  await lead(term)
  console.error('postern: this agent leads no more')
}
