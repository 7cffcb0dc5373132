import type { NetworkPolicy } from '../model/objects/network-policy.ts'
import type { Problem } from '../model/problem.ts'
import { type GatewayPods, gatewayRule } from './gateway-pods.ts'

/** An exposed namespace without NetworkPolicy: the whole cluster may reach its Pods, beside the gateway. */
export function diagnoseNamespace(
  namespace: string,
  isExposed: boolean,
  policies: readonly NetworkPolicy[],
  gateway: GatewayPods,
): Problem[] {
  if (!isExposed || policies.some(isIngress)) return []
  return [
    {
      code: 'namespace-unguarded',
      severity: 'info',
      kind: 'Namespace',
      namespace: '',
      name: namespace,
      field: '',
      message: 'A Service is exposed, and no NetworkPolicy says who may reach the Pods of the namespace',
      hint: `Add one whose spec.ingress has ${gatewayRule(gateway, [])}, and an ipBlock for the clients.`,
    },
  ]
}

function isIngress({ spec: { policyTypes } }: NetworkPolicy): boolean {
  return policyTypes === 'unreadable' || policyTypes.length === 0 || policyTypes.includes('Ingress')
}
