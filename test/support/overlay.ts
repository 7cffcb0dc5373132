import * as v from 'valibot'
import { parseAllDocuments } from 'yaml'

/** A manifest with what its cluster would add: annotations by an owner, Pods by controllers, Nodes. */
export interface Overlay {
  readonly documents: readonly unknown[]
  /** Where something must listen, and who that is: a Pod, or the Node of a NodePort. */
  readonly listeners: readonly { readonly pod: string; readonly address: string; readonly port: number }[]
  /** namespace/name of each exposed Service → who answers for it. */
  readonly services: ReadonlyMap<string, readonly string[]>
}

const metadata = v.looseObject({
  name: v.string(),
  namespace: v.optional(v.string(), 'default'),
  annotations: v.optional(v.record(v.string(), v.string()), {}),
  labels: v.optional(v.record(v.string(), v.string()), {}),
})
const port = v.looseObject({
  name: v.optional(v.string(), ''),
  port: v.number(),
  targetPort: v.optional(v.union([v.number(), v.string()])),
  nodePort: v.optional(v.number()),
  appProtocol: v.optional(v.string()),
})
const service = v.looseObject({
  kind: v.literal('Service'),
  metadata,
  spec: v.looseObject({
    type: v.optional(v.string(), 'ClusterIP'),
    selector: v.optional(v.record(v.string(), v.string()), {}),
    ports: v.array(port),
  }),
})
const containers = v.array(
  v.looseObject({
    name: v.string(),
    ports: v.optional(
      v.array(v.looseObject({ name: v.optional(v.string(), ''), containerPort: v.number() })),
      [],
    ),
  }),
)
const workload = v.looseObject({
  kind: v.picklist(['Deployment', 'StatefulSet']),
  metadata,
  spec: v.looseObject({
    serviceName: v.optional(v.string()),
    template: v.looseObject({
      metadata: v.looseObject({ labels: v.optional(v.record(v.string(), v.string()), {}) }),
      spec: v.looseObject({ containers }),
    }),
  }),
})
const pod = v.looseObject({
  kind: v.literal('Pod'),
  metadata,
  spec: v.looseObject({ containers }),
  status: v.looseObject({ podIP: v.string() }),
})

type Service = v.InferOutput<typeof service>
type Pod = v.InferOutput<typeof pod>

const NODES = ['10.244.250.1', '10.244.250.2'].map((address, i) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${i}` },
  status: { addresses: [{ type: 'InternalIP', address }], conditions: [{ type: 'Ready', status: 'True' }] },
}))

export function overlay(manifest: string): Overlay {
  const raw: unknown[] = parseAllDocuments(manifest)
    .map((document): unknown => document.toJS())
    .filter((document) => document !== null)
  const given = raw.flatMap((document) => (v.is(pod, document) ? v.parse(pod, document) : []))
  const made = given.length > 0 ? [] : raw.filter((document) => v.is(workload, document)).flatMap(podsOf)
  const pods = [...given, ...made]
  const services = raw
    .filter((document) => v.is(service, document))
    .map((document) => v.parse(service, document))
  const listeners = new Map<string, Overlay['listeners'][number]>()
  const answering = new Map<string, readonly string[]>()
  const documents = raw.filter((document) => !v.is(service, document))
  for (const each of services) {
    const chosen = portOf(each)
    const behind = listenersOf(each, chosen, pods)
    for (const listener of behind) listeners.set(`${listener.address}:${listener.port}`, listener)
    answering.set(
      `${each.metadata.namespace}/${each.metadata.name}`,
      behind.map((listener) => listener.pod),
    )
    documents.push(annotated(each, chosen))
  }
  return {
    documents: [...documents, ...made, ...NODES],
    listeners: [...listeners.values()],
    services: answering,
  }
}

/** Two Pods of a Deployment, three of a StatefulSet, as their controllers would make them. */
function podsOf(document: unknown, index: number): Pod[] {
  const { kind, metadata, spec } = v.parse(workload, document)
  const isNumbered = kind === 'StatefulSet'
  return Array.from({ length: isNumbered ? 3 : 2 }, (_, ordinal) => {
    const name = isNumbered ? `${metadata.name}-${ordinal}` : `${metadata.name}-7d4b9-${ordinal}`
    const address = `10.244.${10 + index}.${ordinal + 1}`
    const { labels } = spec.template.metadata
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: metadata.namespace,
        annotations: {},
        labels: isNumbered ? { ...labels, 'statefulset.kubernetes.io/pod-name': name } : labels,
      },
      spec: {
        containers: spec.template.spec.containers.map(({ name: container, ports }) => ({
          name: container,
          ports,
        })),
        ...(isNumbered ? { hostname: name, subdomain: spec.serviceName } : {}),
      },
      status: {
        phase: 'Running',
        podIP: address,
        podIPs: [{ ip: address }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    }
  })
}

/** The one that its owner would expose: of several, one that is not spoken by other protocols. */
function portOf({ spec }: Service): Service['spec']['ports'][number] {
  const plain = spec.ports.filter(({ appProtocol }) => appProtocol === undefined)
  const chosen = plain.find(({ name }) => /http|metrics|webhook|exporter/.test(name)) ?? plain[0]
  if (chosen === undefined) throw new Error('the Service has no port')
  return chosen
}

function annotated(each: Service, chosen: Service['spec']['ports'][number]): Service {
  const annotations = {
    'postern.dev/port': `${chosen.port}`,
    ...each.metadata.annotations,
    'postern.dev/expose': 'true',
  }
  return { ...each, metadata: { ...each.metadata, annotations } }
}

function listenersOf(
  each: Service,
  chosen: Service['spec']['ports'][number],
  pods: readonly Pod[],
): Overlay['listeners'] {
  const { nodePort } = chosen
  if (each.spec.type === 'NodePort' && nodePort !== undefined) {
    return NODES.map(({ metadata: { name }, status }) => ({
      pod: name,
      address: status.addresses[0]?.address ?? '',
      port: nodePort,
    }))
  }
  const target = chosen.targetPort ?? chosen.port
  return pods
    .filter(
      ({ metadata: { namespace, labels } }) =>
        namespace === each.metadata.namespace &&
        Object.entries(each.spec.selector).every(([key, value]) => labels[key] === value),
    )
    .flatMap(({ metadata: { name }, spec, status }) => {
      const named = spec.containers.flatMap(({ ports }) => ports).find((port) => port.name === target)
      const port = typeof target === 'number' ? target : named?.containerPort
      return port === undefined ? [] : [{ pod: name, address: status.podIP, port }]
    })
}
