import * as v from 'valibot'
import { list, maybe, namespacedMeta, port } from './meta.ts'

export const containerPort = v.object({
  name: v.nullish(v.string(), ''),
  containerPort: port,
  protocol: v.nullish(v.string(), 'TCP'),
})

const container = v.object({ ports: list(containerPort) })

/** The ports that a Pod has, by container: sidecars (init containers that are restarted) count, as for Services. */
export const podContainers = {
  containers: list(container),
  initContainers: v.pipe(
    list(v.object({ ...container.entries, restartPolicy: v.nullish(v.string(), '') })),
    v.transform((all) => all.filter(({ restartPolicy }) => restartPolicy === 'Always')),
  ),
  hostNetwork: v.nullish(v.boolean(), false),
}

const waiting = v.object({ reason: v.nullish(v.string(), ''), message: v.nullish(v.string(), '') })

/** core/v1 Pod, stripped to what is used. */
export const podSchema = v.object({
  kind: v.literal('Pod'),
  meta: namespacedMeta,
  spec: v.object({
    nodeName: maybe(v.string()),
    hostname: maybe(v.string()),
    subdomain: maybe(v.string()),
    ...podContainers,
  }),
  status: v.nullish(
    v.object({
      phase: v.nullish(v.string(), ''),
      podIP: maybe(v.string()),
      podIPs: list(v.object({ ip: v.nullish(v.string(), '') })),
      conditions: list(
        v.object({ type: v.string(), status: v.string(), message: v.nullish(v.string(), '') }),
      ),
      /** Why a container does not run, for those who ask why a Pod is not ready. */
      containerStatuses: list(
        v.object({
          name: v.nullish(v.string(), ''),
          ready: v.nullish(v.boolean(), false),
          state: v.nullish(v.object({ waiting: maybe(waiting) }), {}),
        }),
      ),
    }),
    {},
  ),
})

export type Pod = v.InferOutput<typeof podSchema>

type PodPorts = Pick<Pod['spec'], 'containers' | 'initContainers'>

/** Every port that a Pod's containers declare. */
export function containerPorts({
  containers,
  initContainers,
}: PodPorts): v.InferOutput<typeof containerPort>[] {
  return [...containers, ...initContainers].flatMap(({ ports }) => ports)
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
