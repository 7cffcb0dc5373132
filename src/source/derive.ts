import type { EndpointSlice, SliceEndpoint } from '../model/objects/endpoint-slice.ts'
import { SERVICE_NAME_LABEL } from '../model/objects/endpoint-slice.ts'
import { ZONE_LABEL } from '../model/objects/node.ts'
import type { KubeObject } from '../model/objects/object.ts'
import { isPodFinished, isPodReady, type Pod, podAddresses, podPorts } from '../model/objects/pod.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'
import { type Family, familyOf, type SlicePort, sliceUp } from './slice-up.ts'

/**
 * The EndpointSlices that the endpoint-slice controller would write, for Services with a selector that have none:
 * manifests often hold Pods and no slices. Source: kubernetes/endpointslice, `reconciler.go` and `utils.go`.
 */
export function deriveSlices(objects: readonly KubeObject[]): EndpointSlice[] {
  const pods = Map.groupBy(
    objects.filter((object) => object.kind === 'Pod'),
    (pod) => pod.meta.namespace,
  )
  const zones = new Map(
    objects.flatMap((object) =>
      object.kind === 'Node' ? [[object.meta.name, object.meta.labels[ZONE_LABEL]] as const] : [],
    ),
  )
  const withSlices = new Set<string>()
  for (const object of objects) {
    if (object.kind !== 'EndpointSlice') continue
    withSlices.add(`${object.meta.namespace}/${object.meta.labels[SERVICE_NAME_LABEL] ?? ''}`)
  }
  return objects.flatMap((object) => {
    if (object.kind !== 'Service' || withSlices.has(`${object.meta.namespace}/${object.meta.name}`)) return []
    return slicesOf(object, pods.get(object.meta.namespace) ?? [], zones)
  })
}

type Zones = ReadonlyMap<string, string | undefined>

function slicesOf(service: Service, pods: readonly Pod[], zones: Zones): EndpointSlice[] {
  const selector = Object.entries(service.spec.selector ?? {})
  if (selector.length === 0 || service.spec.type === 'ExternalName') return []
  const selected = pods.filter((pod) => selector.every(([key, value]) => pod.meta.labels[key] === value))
  const slices: EndpointSlice[] = []
  for (const family of familiesOf(service, selected)) {
    // One group of slices for each way in which target ports resolve: named ports may differ between Pods.
    const groups = new Map<string, { ports: SlicePort[]; endpoints: SliceEndpoint[] }>()
    for (const pod of selected) {
      const address = podAddresses(pod).find((ip) => familyOf(ip) === family)
      if (address === undefined || isPodFinished(pod)) continue
      const ports = service.spec.ports.flatMap((port) => resolvePort(port, pod))
      const key = JSON.stringify(ports)
      const group = groups.get(key) ?? { ports, endpoints: [] }
      groups.set(key, group)
      group.endpoints.push(endpointOf(service, pod, address, zones))
    }
    for (const { ports, endpoints } of groups.values()) {
      const name = `${service.meta.name}-${family.toLowerCase()}`
      slices.push(...sliceUp({ service: service.meta, name, first: slices.length, family }, ports, endpoints))
    }
  }
  return slices
}

function endpointOf(service: Service, pod: Pod, address: string, zones: Zones): SliceEndpoint {
  const serving = isPodReady(pod)
  const terminating = pod.meta.deletionTimestamp !== undefined
  const ready = service.spec.publishNotReadyAddresses || (serving && !terminating)
  const zone = pod.spec.nodeName === undefined ? undefined : zones.get(pod.spec.nodeName)
  const hasName = pod.spec.hostname !== undefined && pod.spec.subdomain === service.meta.name
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    hostname: hasName ? pod.spec.hostname : undefined,
    nodeName: pod.spec.nodeName,
    zone,
    hints: ready ? hintsOf(service, zone, pod.spec.nodeName) : undefined,
    targetRef: { kind: 'Pod', namespace: pod.meta.namespace, name: pod.meta.name, uid: pod.meta.uid },
  }
}

/** As `spec.trafficDistribution` asks (kubernetes/endpointslice `trafficdist`). */
function hintsOf(
  { spec }: Service,
  zone: string | undefined,
  node: string | undefined,
): SliceEndpoint['hints'] {
  const isNode = spec.trafficDistribution === 'PreferSameNode'
  if (!isNode && !['PreferClose', 'PreferSameZone'].includes(spec.trafficDistribution ?? '')) return undefined
  return {
    forZones: zone === undefined ? [] : [{ name: zone }],
    forNodes: isNode && node !== undefined ? [{ name: node }] : [],
  }
}

/** A named port is looked up in each Pod; a Pod that lacks it has no such port. */
function resolvePort(port: ServicePort, pod: Pod): SlicePort[] {
  const target = port.targetPort ?? port.port
  const { name, protocol } = port
  if (typeof target === 'number') return [{ name, protocol, port: target }]
  const found = podPorts(pod).find(
    (candidate) => candidate.name === target && candidate.protocol === protocol,
  )
  return found === undefined ? [] : [{ name, protocol, port: found.containerPort }]
}

function familiesOf(service: Service, pods: readonly Pod[]): readonly Family[] {
  if (service.spec.ipFamilies.length > 0) return service.spec.ipFamilies
  const families = new Set(pods.flatMap(podAddresses).map(familyOf))
  return families.has('IPv4') || families.size === 0 ? ['IPv4'] : ['IPv6']
}
