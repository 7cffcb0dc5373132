import * as v from 'valibot'
import { leanMeta, list, maybe, port } from './meta.ts'

export const containerPort = v.object({
  name: v.nullish(v.string(), ''),
  containerPort: port,
  protocol: v.nullish(v.string(), 'TCP'),
})

export const containers = list(v.object({ ports: list(containerPort) }))

/** core/v1 Pod, stripped to what is used. */
export const podSchema = v.object({
  kind: v.literal('Pod'),
  meta: leanMeta,
  spec: v.object({
    nodeName: maybe(v.string()),
    hostname: maybe(v.string()),
    subdomain: maybe(v.string()),
    hostNetwork: v.nullish(v.boolean(), false),
    containers,
  }),
  status: v.nullish(
    v.object({
      phase: v.nullish(v.string(), ''),
      podIP: maybe(v.string()),
      podIPs: list(v.object({ ip: v.nullish(v.string(), '') })),
      conditions: list(v.object({ type: v.string(), status: v.string() })),
    }),
    {},
  ),
})

export type Pod = v.InferOutput<typeof podSchema>

/** Every address of a Pod, the primary one first. */
export function podAddresses(pod: Pod): readonly string[] {
  const addresses = pod.status.podIPs.map((entry) => entry.ip).filter((ip) => ip !== '')
  return addresses.length > 0 || pod.status.podIP === undefined ? addresses : [pod.status.podIP]
}

/** Condition `Ready`, as the endpoint-slice controller reads it: absent is not ready. */
export function isPodReady(pod: Pod): boolean {
  return pod.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
}
