import * as v from 'valibot'
import { leanMeta, list, maybe, port } from './meta.ts'

export const containerPort = v.object({
  name: v.nullish(v.string(), ''),
  containerPort: port,
  protocol: v.nullish(v.string(), 'TCP'),
})

const containers = list(v.object({ ports: list(containerPort) }))

/** Init containers that go on running: sidecars, whose ports are the Pod's as well. */
const sidecars = v.pipe(
  list(v.object({ restartPolicy: maybe(v.string()), ports: list(containerPort) })),
  v.transform((all) => all.filter(({ restartPolicy }) => restartPolicy === 'Always')),
)

/** What is used of the spec of a Pod, and of a Pod template. */
export const podParts = {
  containers,
  initContainers: sidecars,
  hostNetwork: v.nullish(v.boolean(), false),
}

/** The containers that are not ready, and what they wait for: of a Pod that is ready nothing is held. */
const unreadyContainers = v.pipe(
  list(
    v.object({
      name: v.nullish(v.string(), ''),
      ready: v.nullish(v.boolean(), false),
      state: v.nullish(v.object({ waiting: maybe(v.object({ reason: v.nullish(v.string(), '') })) }), {}),
    }),
  ),
  v.transform((all) => all.filter(({ ready }) => !ready)),
)

/** core/v1 Pod, stripped to what is used. */
export const podSchema = v.object({
  kind: v.literal('Pod'),
  meta: leanMeta,
  spec: v.object({
    nodeName: maybe(v.string()),
    hostname: maybe(v.string()),
    subdomain: maybe(v.string()),
    ...podParts,
  }),
  status: v.nullish(
    v.pipe(
      v.object({
        phase: v.nullish(v.string(), ''),
        podIP: maybe(v.string()),
        podIPs: list(v.object({ ip: v.nullish(v.string(), '') })),
        conditions: list(v.object({ type: v.string(), status: v.string(), message: v.nullish(v.string()) })),
        containerStatuses: unreadyContainers,
      }),
      v.transform(({ podIP, podIPs, ...status }) => ({ ...status, addresses: addressesOf(podIP, podIPs) })),
    ),
    {},
  ),
})

/** The first of the list is the single one, which older writers give alone. */
function addressesOf(podIP: string | undefined, podIPs: readonly { readonly ip: string }[]): string[] {
  const addresses = podIPs.map(({ ip }) => ip).filter((ip) => ip !== '')
  return addresses.length > 0 || podIP === undefined ? addresses : [podIP]
}

export type ContainerPort = v.InferOutput<typeof containerPort>
export type Pod = v.InferOutput<typeof podSchema>

/** Its containers have ended for good: the network gives its addresses to others, while its status still names them. */
export function isPodFinished({ status }: Pod): boolean {
  return status.phase === 'Succeeded' || status.phase === 'Failed'
}

/** Every port that a Pod declares (kubernetes `podutil.FindPort`). */
export function podPorts({ spec }: Pick<Pod, 'spec'>): readonly ContainerPort[] {
  return [...spec.containers, ...spec.initContainers].flatMap(({ ports }) => ports)
}

/** Every address of a Pod, the primary one first. */
export function podAddresses(pod: Pod): readonly string[] {
  return pod.status.addresses
}

/** Condition `Ready`, as the endpoint-slice controller reads it: absent is not ready. */
export function isPodReady(pod: Pod): boolean {
  return pod.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
}
