import * as v from 'valibot'
import { clusterMeta } from './meta.ts'

/** core/v1 Namespace. */
export const namespaceSchema = v.object({ kind: v.literal('Namespace'), meta: clusterMeta })

export type Namespace = v.InferOutput<typeof namespaceSchema>
