import * as v from 'valibot'
import { leanMeta, maybe } from './meta.ts'
import { podParts } from './pod.ts'

export const workloadKinds = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
] as const

/** What makes Pods from a template (apps/v1, core/v1 ReplicationController), stripped to the template's labels and ports. */
export const workloadSchema = v.object({
  kind: v.picklist(workloadKinds),
  meta: leanMeta,
  spec: v.object({
    replicas: maybe(v.number()),
    /** Of a StatefulSet: the Service that names its Pods, and the number of the first. */
    serviceName: maybe(v.string()),
    ordinals: maybe(v.object({ start: maybe(v.number()) })),
    template: v.object({
      metadata: v.nullish(v.object({ labels: v.nullish(v.record(v.string(), v.string()), {}) }), {}),
      spec: v.nullish(v.object(podParts), {}),
    }),
  }),
})

export type Workload = v.InferOutput<typeof workloadSchema>

export function isWorkload<T extends { readonly kind: string }>(object: T): object is Extract<T, Workload> {
  const kinds: readonly string[] = workloadKinds
  return kinds.includes(object.kind)
}
