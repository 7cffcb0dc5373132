import * as v from 'valibot'
import { leanMeta } from './meta.ts'

/** multicluster.x-k8s.io ServiceExport (KEP-1645): shares the Service of its name with the ClusterSet. */
export const serviceExportSchema = v.object({ kind: v.literal('ServiceExport'), meta: leanMeta })

export type ServiceExport = v.InferOutput<typeof serviceExportSchema>
