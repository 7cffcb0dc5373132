import * as v from 'valibot'
import type { Cluster } from './cluster.ts'

const podSchema = v.object({
  metadata: v.object({
    name: v.string(),
    uid: v.string(),
    deletionTimestamp: v.optional(v.string()),
  }),
  spec: v.object({ nodeName: v.optional(v.string()) }),
  status: v.object({
    podIP: v.optional(v.string()),
    conditions: v.optional(v.array(v.object({ type: v.string(), status: v.string() })), []),
  }),
})

const sliceSchema = v.object({
  metadata: v.object({ name: v.string(), labels: v.record(v.string(), v.string()) }),
  ports: v.optional(v.nullable(v.array(v.object({ port: v.optional(v.number()) }))), []),
  endpoints: v.optional(
    v.nullable(
      v.array(
        v.object({
          addresses: v.array(v.string()),
          hostname: v.optional(v.string()),
          nodeName: v.optional(v.string()),
          zone: v.optional(v.string()),
          conditions: v.object({
            ready: v.optional(v.boolean()),
            serving: v.optional(v.boolean()),
            terminating: v.optional(v.boolean()),
          }),
          targetRef: v.optional(v.object({ name: v.string() })),
        }),
      ),
    ),
    [],
  ),
})

export interface PodSeen {
  readonly name: string
  readonly uid: string
  readonly address: string | undefined
  readonly node: string | undefined
  readonly isReady: boolean
  readonly isTerminating: boolean
}

export type Slice = v.InferOutput<typeof sliceSchema>

/** The Pods of a namespace as tests look at them, by name. */
export async function readPods(cluster: Cluster, namespace: string, query = ''): Promise<readonly PodSeen[]> {
  const pods = await cluster.list(`/api/v1/namespaces/${namespace}/pods?${query}`)
  return pods
    .map((pod) => v.parse(podSchema, pod))
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      uid: metadata.uid,
      address: status.podIP,
      node: spec.nodeName,
      isReady: status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
      isTerminating: metadata.deletionTimestamp !== undefined,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export async function readSlices(
  cluster: Cluster,
  namespace: string,
  service: string,
): Promise<readonly Slice[]> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`)
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`
  return v.parse(v.array(sliceSchema), await cluster.list(path))
}

/** Addresses of a Service's endpoints that are ready, sorted. */
export async function readReadyAddresses(
  cluster: Cluster,
  namespace: string,
  service: string,
): Promise<readonly string[]> {
  const slices = await readSlices(cluster, namespace, service)
  return slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions.ready === true)
    .flatMap(({ addresses }) => addresses)
    .sort()
}
