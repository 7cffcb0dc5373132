import type { NetworkPolicy } from '../model/objects/network-policy.ts'
import type { Pod } from '../model/objects/pod.ts'
import type { ServicePort } from '../model/objects/service.ts'
import type { PolicyRule } from '../model/policy-record.ts'
import { compareText } from '../model/problem.ts'
import type { Labels } from './backing.ts'
import { admitsGateway, type GatewayPods } from './gateway-pods.ts'
import { isolates, policySetOf, portsOf } from './network-policy.ts'
import { containerPortOf } from './target-port.ts'

/** The policies around a Service's Pods, and who is to get through. */
export interface Guard {
  /** Of the Service's namespace. */
  readonly policies: readonly NetworkPolicy[]
  readonly gateway: GatewayPods
  /** Undefined when the gateways' Namespace has not been seen. */
  readonly gatewayNamespaceLabels: Labels | undefined
}

/** Who is shut out of the Pods of a Service. */
export interface ShutOut {
  readonly code: 'policy-shuts-out-clients' | 'policy-shuts-out-gateway'
  /** The policy to mend. */
  readonly policy: NetworkPolicy
  /** Container port. */
  readonly port: number
  readonly isGatewayOut: boolean
}

/**
 * Whether NetworkPolicies leave an exposed Service unreachable: no Pod of it admits any client from outside, or none
 * admits the gateways, whom the CNI takes for the client.
 */
export function findShutOut(
  pods: readonly Pod[],
  servicePort: ServicePort,
  guard: Guard,
): ShutOut | undefined {
  const facts = { hasPort: false, isClientIn: false, isGatewayIn: false, port: 0 }
  const guards = new Set<NetworkPolicy>()
  for (const pod of pods) {
    const port = containerPortOf(servicePort, pod)
    if (port === undefined) continue
    const isolating = pod.spec.hostNetwork ? [] : guard.policies.filter(({ spec }) => isolates(spec, pod))
    for (const policy of isolating) guards.add(policy)
    facts.port = facts.hasPort ? Math.min(facts.port, port) : port
    facts.hasPort = true
    facts.isClientIn ||= isClientAdmitted(pod, isolating, port)
    facts.isGatewayIn ||= isolating.length === 0 || isGatewayAdmitted(pod, isolating, port, guard)
    if (facts.isClientIn && facts.isGatewayIn) return undefined
  }
  const [policy] = [...guards].sort(byPromise)
  if (policy === undefined) return undefined
  return {
    code: facts.isClientIn ? 'policy-shuts-out-gateway' : 'policy-shuts-out-clients',
    policy,
    port: facts.port,
    isGatewayOut: !facts.isGatewayIn,
  }
}

function isClientAdmitted(pod: Pod, isolating: readonly NetworkPolicy[], port: number): boolean {
  const set = policySetOf(pod, isolating)
  return set === undefined || set.record.rules.some((rule) => coversPort(rule, port))
}

function coversPort({ ports }: PolicyRule, port: number): boolean {
  return ports === undefined || ports.some(([first, last]) => first <= port && port <= last)
}

function isGatewayAdmitted(
  pod: Pod,
  isolating: readonly NetworkPolicy[],
  port: number,
  { gateway, gatewayNamespaceLabels }: Guard,
): boolean {
  return isolating.some(
    ({ spec, meta }) =>
      spec.ingress !== 'unreadable' &&
      spec.ingress.some(
        (rule) =>
          rule !== 'unreadable' &&
          (rule.ports.length === 0 ||
            rule.ports
              .flatMap((each) => portsOf(each, pod))
              .some(([first, last]) => first <= port && port <= last)) &&
          admitsGateway(rule, meta.namespace, gateway, gatewayNamespaceLabels),
      ),
  )
}

/** The one that admits somebody is the one to add to; a bare "deny all" stands beside it on purpose. */
function byPromise(a: NetworkPolicy, b: NetworkPolicy): number {
  return Number(isBare(a)) - Number(isBare(b)) || compareText(a.meta.name, b.meta.name)
}

function isBare({ spec }: NetworkPolicy): boolean {
  return spec.ingress === 'unreadable' || spec.ingress.length === 0
}
