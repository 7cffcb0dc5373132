import * as v from 'valibot'

const texts = v.optional(v.record(v.string(), v.string()), {})

const containerSchema = v.object({
  name: v.string(),
  image: v.optional(v.string(), ''),
  ports: v.optional(
    v.array(v.object({ containerPort: v.number(), protocol: v.optional(v.string(), 'TCP') })),
    [],
  ),
  lifecycle: v.optional(
    v.object({ preStop: v.optional(v.object({ sleep: v.optional(v.object({ seconds: v.number() })) })) }),
  ),
})

/** DaemonSets name their Node so. */
const affinitySchema = v.object({
  nodeAffinity: v.optional(
    v.object({
      requiredDuringSchedulingIgnoredDuringExecution: v.optional(
        v.object({
          nodeSelectorTerms: v.array(
            v.object({
              matchFields: v.optional(
                v.array(v.object({ key: v.string(), values: v.array(v.string()) })),
                [],
              ),
            }),
          ),
        }),
      ),
    }),
  ),
})

const podSchema = v.object({
  metadata: v.object({
    name: v.string(),
    namespace: v.string(),
    uid: v.string(),
    labels: texts,
    annotations: texts,
    deletionTimestamp: v.optional(v.string()),
    deletionGracePeriodSeconds: v.optional(v.number(), 0),
  }),
  spec: v.object({
    nodeName: v.optional(v.string()),
    nodeSelector: texts,
    affinity: v.optional(affinitySchema),
    hostNetwork: v.optional(v.boolean(), false),
    schedulingGates: v.optional(v.array(v.unknown()), []),
    containers: v.array(containerSchema),
  }),
  status: v.optional(v.object({ podIP: v.optional(v.string()) }), {}),
})

const nodeSchema = v.object({
  metadata: v.object({ name: v.string(), labels: texts }),
  spec: v.object({ unschedulable: v.optional(v.boolean(), false) }),
  status: v.object({
    addresses: v.optional(v.array(v.object({ type: v.string(), address: v.string() })), []),
  }),
})

/** Of a Pod, what a scheduler and a kubelet look at. */
export type Pod = v.InferOutput<typeof podSchema>
export type Node = v.InferOutput<typeof nodeSchema>

export function parsePod(object: unknown): Pod {
  return v.parse(podSchema, object)
}

export function parseNode(object: unknown): Node {
  return v.parse(nodeSchema, object)
}

/** Unique over time too: a StatefulSet's Pod comes back under its old name. */
export function podKey({ metadata: { namespace, name, uid } }: Pod): string {
  return `${namespace}/${name}/${uid}`
}

export function podPath({ metadata: { namespace, name } }: Pod): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`
}

export function internalAddress({ status: { addresses } }: Node): string | undefined {
  return addresses.find(({ type }) => type === 'InternalIP')?.address
}
