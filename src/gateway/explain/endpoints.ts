import type { BalanceState, Endpoint, Guard } from '../../balance/endpoint.ts'
import type { Caller } from '../../model/address-set.ts'
import type { ServiceRecord } from '../../model/records.ts'
import type { NetworkPolicySet } from '../../policy/network-policy.ts'
import type { TableService } from '../table-service.ts'

/** An endpoint that may be chosen, with what weighs on the choice. */
export function endpointLine(endpoint: Endpoint, state: BalanceState): string {
  const { key, pod, node, isFar } = endpoint
  const facts = [
    pod ?? node,
    isFar ? 'meant for callers elsewhere: only when the near ones are busy' : undefined,
    state.isSuspect(key) ? 'could not be connected to a moment ago: the last to be chosen' : undefined,
    state.loadOf(key) > 0 ? `${state.loadOf(key)} under way` : undefined,
  ].filter((fact) => fact !== undefined)
  return facts.length === 0 ? key : `${key} (${facts.join('; ')})`
}

/** What the NetworkPolicies of one endpoint's Pod say of a client. */
export function guardLine(
  { key }: Endpoint,
  { port }: Guard,
  set: NetworkPolicySet | undefined,
  client: Caller | undefined,
  { record: { namespace } }: TableService,
): string {
  if (set === undefined) return `${key} refuses: its policy is not in the registry`
  const rule = set.admittingRule(client, port)
  if (rule !== undefined) {
    const { policy, ingress } = rule.origin
    return `${key} admits port ${port}: NetworkPolicy ${namespace}/${policy}, spec.ingress[${ingress}]`
  }
  const names = set.policies.map((name) => `${namespace}/${name}`).join(', ')
  return `${key} refuses port ${port}: isolated by NetworkPolicy ${names}, none of whose rules admits the client`
}

/** Where requests to a Service go, and how one of its endpoints is chosen. */
export function targetOf({ target, balance, affinity }: ServiceRecord): string {
  const how = affinity === 'client-ip' ? 'each client at one endpoint' : balance
  switch (target.type) {
    case 'pod':
      return `to its Pods, ${how}`
    case 'node':
      return `to nodes at port ${target.nodePort}${target.onlyLocal ? ' (externalTrafficPolicy Local)' : ''}, ${how}`
    case 'external':
      return `to ${target.name}:${target.port}, ${how}`
  }
}
