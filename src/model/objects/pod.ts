import * as v from 'valibot'
import { leanMeta, list, maybe, port } from './meta.ts'

export const containerPort = v.object({
  name: v.nullish(v.string(), ''),
  containerPort: port,
  protocol: v.nullish(v.string(), 'TCP'),
})

export const containers = list(v.object({ ports: list(containerPort) }))

/** Init containers that go on running: sidecars, whose ports are the Pod's as well. */
const sidecars = v.pipe(
  list(v.object({ restartPolicy: maybe(v.string()), ports: list(containerPort) })),
  v.transform((all) => all.filter(({ restartPolicy }) => restartPolicy === 'Always')),
)

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
    initContainers: sidecars,
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

export type ContainerPort = v.InferOutput<typeof containerPort>
export type Pod = v.InferOutput<typeof podSchema>

/** Its containers have ended for good: the network gives its addresses to others, while its status still names them. */
export function isPodFinished({ status }: Pod): boolean {
  return status.phase === 'Succeeded' || status.phase === 'Failed'
}

/** Every port that a Pod declares (kubernetes `podutil.FindPort`). */
export function podPorts({ spec }: Pod): readonly ContainerPort[] {
  return [...spec.containers, ...spec.initContainers].flatMap(({ ports }) => ports)
}

/** Every address of a Pod, the primary one first. */
export function podAddresses(pod: Pod): readonly string[] {
  const addresses = pod.status.podIPs.map((entry) => entry.ip).filter((ip) => ip !== '')
  return addresses.length > 0 || pod.status.podIP === undefined ? addresses : [pod.status.podIP]
}

/** Condition `Ready`, as the endpoint-slice controller reads it: absent is not ready. */
export function isPodReady(pod: Pod): boolean {
  return pod.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
}
