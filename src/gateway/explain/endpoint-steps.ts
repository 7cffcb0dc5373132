import { passedOver } from '../../balance/passed-over.ts'
import { counted } from '../../model/counted.ts'
import { maskLines } from './client-step.ts'
import { endpointLine, guardLine } from './endpoints.ts'
import { refusedEndpoints, SHOWN } from './problems.ts'
import type { StepOf, StepParts, Told } from './step-parts.ts'

/** Whether Pods may still be reached by their addresses, in words. */
export function freshnessStep({ observedMsAgo, maxStaleMs }: StepOf<'freshness'>): Told {
  const age = Number.isFinite(observedMsAgo) ? `${seconds(observedMsAgo)} ago` : 'nobody can tell when'
  return {
    step: 'freshness',
    summary: `the cluster was last observed ${age}, and --max-stale is ${seconds(maxStaleMs)}`,
    details: [
      "the addresses of its Pods may be others' by now; Services that are reached by nodes, or prove their identity over TLS, go on",
    ],
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

/** Which endpoints can serve, and why others cannot, in words. */
export function endpointsStep(
  { service, endpoints, isByName }: StepOf<'endpoints'>,
  { table, balance, present }: StepParts,
): Told {
  const { target } = service.record
  const slices = table.slicesOf(service.record)
  // Asked for by name, the others have no part in it.
  const out = isByName ? [] : passedOver(service.record, slices, table.nodes, table.place, endpoints)
  // Nodes are counted where they are asked, and the endpoints behind them are not.
  const isOfPods = target.type === 'pod' && !isByName
  const refused = !isOfPods ? 0 : slices.reduce((sum, slice) => sum + (slice.refused ?? 0), 0)
  const details = [
    ...endpoints.slice(0, SHOWN).map((endpoint) => endpointLine(endpoint, balance)),
    ...out.slice(0, SHOWN).map(({ address, pod, node, reason }) => {
      const name = pod ?? node
      return `${address}${name === undefined ? '' : ` (${name})`} is out: ${reason}`
    }),
    ...(target.type === 'node' && table.nodes.size === 0
      ? ['no Node has been seen: there is none to ask']
      : []),
    ...(isByName ? [] : refusedEndpoints(service.record, table)),
    ...(target.type === 'external' ? (present.externalTroubles?.(target.name) ?? []) : []),
  ]
  const others = `${out.length} cannot${refused === 0 ? '' : `, ${refused} refused`}`
  return { step: 'endpoints', summary: `${endpoints.length} can serve, ${others}`, details }
}

/** Which of them the client may reach, in words. */
export function policyStep(
  { caller, service, endpoints, candidates }: StepOf<'network-policy'>,
  { table, road }: StepParts,
): Told {
  const step = 'network policy'
  if (road.networkPolicy === 'off') return { step, summary: 'not asked (--network-policy off)', details: [] }
  if (endpoints.every(({ guards }) => guards.length === 0))
    return { step, summary: 'no NetworkPolicy selects its Pods', details: [] }
  const details = endpoints
    .slice(0, SHOWN)
    .flatMap((endpoint) =>
      endpoint.guards.map((guard) => guardLine(endpoint, guard, table.policy(guard.policy), caller, service)),
    )
  const summary = `${counted(candidates.length, 'endpoint')} of ${endpoints.length} admit${candidates.length === 1 ? 's' : ''} the client`
  const effect = road.networkPolicy === 'report' ? ', only reported (--network-policy report)' : ''
  return { step, summary: `${summary}${effect}`, details: [...maskLines(caller), ...details] }
}
