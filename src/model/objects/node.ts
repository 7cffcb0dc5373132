import * as v from 'valibot'
import { leanClusterMeta, list } from './meta.ts'

/** core/v1 Node, stripped to what is used. */
export const nodeSchema = v.object({
  kind: v.literal('Node'),
  meta: leanClusterMeta,
  status: v.nullish(
    v.object({
      addresses: list(v.object({ type: v.string(), address: v.string() })),
      conditions: list(v.object({ type: v.string(), status: v.string() })),
    }),
    {},
  ),
})

export type Node = v.InferOutput<typeof nodeSchema>

export const ZONE_LABEL = 'topology.kubernetes.io/zone'
export const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers'
