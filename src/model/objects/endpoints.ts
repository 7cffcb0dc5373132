import * as v from 'valibot'
import { leanMeta, list, maybe, port } from './meta.ts'

const address = v.object({
  ip: v.string(),
  hostname: maybe(v.string()),
  nodeName: maybe(v.string()),
  targetRef: maybe(
    v.object({
      kind: v.nullish(v.string(), ''),
      namespace: v.nullish(v.string(), ''),
      name: v.nullish(v.string(), ''),
      uid: v.nullish(v.string(), ''),
    }),
  ),
})

const subset = v.object({
  addresses: list(address),
  notReadyAddresses: list(address),
  ports: list(v.object({ name: v.nullish(v.string(), ''), protocol: v.nullish(v.string(), 'TCP'), port })),
})

/** core/v1 Endpoints, stripped to what is used: only in manifests, for a cluster tells the same by EndpointSlices. */
export const endpointsSchema = v.object({
  kind: v.literal('Endpoints'),
  meta: leanMeta,
  subsets: list(subset),
})

export type Endpoints = v.InferOutput<typeof endpointsSchema>
export type EndpointsSubset = Endpoints['subsets'][number]
