import * as v from 'valibot'
import { clusterMeta, namespacedMeta } from './meta.ts'

/** core/v1 Namespace. */
export const namespaceSchema = v.object({ kind: v.literal('Namespace'), meta: clusterMeta })

/** networking.k8s.io/v1 NetworkPolicy: that it exists. Its rules are compiled once policies are enforced. */
export const networkPolicySchema = v.object({ kind: v.literal('NetworkPolicy'), meta: namespacedMeta })

export type Namespace = v.InferOutput<typeof namespaceSchema>
export type NetworkPolicy = v.InferOutput<typeof networkPolicySchema>
