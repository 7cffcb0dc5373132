import * as v from 'valibot'
import { list, namespacedMeta, port } from './meta.ts'

const importPort = v.object({ name: v.nullish(v.string(), ''), protocol: v.nullish(v.string(), 'TCP'), port })

/**
 * multicluster.x-k8s.io ServiceImport (KEP-1645): what is exported under its name by any cluster of a ClusterSet, in each
 * that has the namespace. How it is reached is its implementation's: only what names are made of is read.
 */
export const serviceImportSchema = v.object({
  kind: v.literal('ServiceImport'),
  meta: namespacedMeta,
  spec: v.nullish(v.object({ ports: list(importPort) }), {}),
})

export type ServiceImport = v.InferOutput<typeof serviceImportSchema>
