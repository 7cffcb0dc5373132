import * as v from 'valibot'
import { leanMeta, list, maybe, port } from './meta.ts'

const condition = maybe(v.boolean())

const named = v.object({ name: v.string() })

const endpoint = v.object({
  addresses: list(v.string()),
  conditions: v.nullish(v.object({ ready: condition, serving: condition, terminating: condition }), {}),
  hostname: maybe(v.string()),
  nodeName: maybe(v.string()),
  zone: maybe(v.string()),
  hints: maybe(v.object({ forZones: list(named), forNodes: list(named) })),
  targetRef: maybe(
    v.object({
      kind: v.nullish(v.string(), ''),
      namespace: v.nullish(v.string(), ''),
      name: v.nullish(v.string(), ''),
      uid: v.nullish(v.string(), ''),
    }),
  ),
})

/** discovery.k8s.io/v1 EndpointSlice, stripped to what is used. */
export const endpointSliceSchema = v.object({
  kind: v.literal('EndpointSlice'),
  meta: leanMeta,
  addressType: v.picklist(['IPv4', 'IPv6', 'FQDN']),
  endpoints: list(endpoint),
  ports: list(
    v.object({ name: v.nullish(v.string(), ''), protocol: v.nullish(v.string(), 'TCP'), port: maybe(port) }),
  ),
})

export type EndpointSlice = v.InferOutput<typeof endpointSliceSchema>
export type SliceEndpoint = EndpointSlice['endpoints'][number]

/** Label that names the Service a slice belongs to. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
