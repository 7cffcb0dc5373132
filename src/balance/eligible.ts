import { formatAuthority } from '../model/host.ts'
import type { EndpointRecord, EndpointsRecord, NodeRecord, ServiceRecord } from '../model/records.ts'
import { type Endpoint, endpointAt, type Guard } from './endpoint.ts'
import { type Family, isWithin, type Place } from './place.ts'
import { nearOf } from './topology.ts'

/** A Pod behind a Service, with the number that the Service's port has there. */
interface PodPort {
  readonly record: EndpointRecord
  readonly port: number
}

/**
 * The endpoints that may receive requests for a service now: ready ones, of these the ones meant for callers here, else
 * serving and terminating ones, so that a rollout of one replica drops nothing. Without duplicates across slices; one
 * address family.
 */
export function eligibleEndpoints(
  service: ServiceRecord,
  slices: readonly EndpointsRecord[],
  nodes: ReadonlyMap<string, NodeRecord>,
  place: Place,
): readonly Endpoint[] {
  const { target } = service
  switch (target.type) {
    case 'pod':
      return podEndpoints(service, slices, place)
    case 'node':
      // kube-proxy sends to whatever stands in the slices: also to what we would not.
      if (slices.some(({ refused = 0 }) => refused > 0)) return []
      return nodeEndpoints(service, target, usable(podPorts(service, slices)), nodes, place)
    case 'external':
      // Its addresses are not the registry's to tell.
      return []
  }
}

function podEndpoints(
  service: ServiceRecord,
  slices: readonly EndpointsRecord[],
  place: Place,
): readonly Endpoint[] {
  for (const family of familiesOf(service, place)) {
    const some = podPorts(
      service,
      slices.filter((slice) => slice.family === family),
    )
    const pods = usable(some.filter(({ record }) => isWithin(record.address, place)))
    if (pods.length === 0) continue
    const near = new Set(pods[0]?.record.ready ? nearOf(pods, place) : pods)
    const reached = service.spillOver === undefined ? [...near] : pods
    // Pods of one Service mostly have the same policies: they share the answer.
    const guards = new Map<string, readonly Guard[]>()
    return reached.map((pod) => podEndpoint(pod, !near.has(pod), guards))
  }
  return []
}

/** `spec.ipFamilies` in its order: the first that we reach, and in which there is an endpoint, is the Service's here. */
export function familiesOf({ families }: ServiceRecord, place: Place): readonly Family[] {
  const wanted: readonly Family[] = families.length > 0 ? families : ['IPv4', 'IPv6']
  return wanted.filter((family) => place.families.includes(family))
}

function podPorts(service: ServiceRecord, slices: readonly EndpointsRecord[]): PodPort[] {
  return slices.flatMap((slice) => {
    const port = slice.ports.find(({ name }) => name === service.portName)?.port
    return port === undefined ? [] : slice.endpoints.map((record) => ({ record, port }))
  })
}

/** Ready ones, else serving and terminating ones; an address that stands in several slices once. */
function usable(pods: readonly PodPort[]): readonly PodPort[] {
  const ready = pods.filter(({ record }) => record.ready)
  const some = ready.length > 0 ? ready : pods.filter(({ record }) => record.serving && record.terminating)
  return [...new Map(some.map((pod) => [formatAuthority(pod.record.address, pod.port), pod])).values()]
}

/**
 * Every ready node that is not kept from load balancers. Under externalTrafficPolicy Local only those with a local Pod
 * that is ready, else serving and terminating, as their health check ports tell a load balancer.
 */
function nodeEndpoints(
  service: ServiceRecord,
  { nodePort, onlyLocal }: Extract<ServiceRecord['target'], { type: 'node' }>,
  pods: readonly PodPort[],
  nodes: ReadonlyMap<string, NodeRecord>,
  place: Place,
): readonly Endpoint[] {
  const families = familiesOf(service, place)
  const endpoints: Endpoint[] = []
  for (const [name, node] of nodes) {
    const address = firstIn(families, node.addresses)
    if (address === undefined || !node.ready || node.excluded || !isWithin(address, place)) continue
    const behind = onlyLocal ? pods.filter(({ record }) => record.node === name) : pods
    if (behind.length === 0) continue
    const [guards, zone] = [guardsOf(behind), node.zone]
    endpoints.push(endpointAt(address, nodePort, { pod: undefined, node: name, zone, isFar: false, guards }))
  }
  return endpoints
}

/** The address at which a node is dialled. */
export function firstIn(families: readonly Family[], addresses: readonly string[]): string | undefined {
  for (const family of families) {
    const address = addresses.find((each) => each.includes(':') === (family === 'IPv6'))
    if (address !== undefined) return address
  }
  return undefined
}

function podEndpoint(pod: PodPort, isFar: boolean, shared: Map<string, readonly Guard[]>): Endpoint {
  const { address, pod: name, node, zone, policy = '' } = pod.record
  const guards = shared.get(`${policy} ${pod.port}`) ?? guardsOf([pod])
  shared.set(`${policy} ${pod.port}`, guards)
  return endpointAt(address, pod.port, { pod: name, node, zone, isFar, guards })
}

const UNGUARDED: readonly Guard[] = []

/** What a client must be admitted by, for each of these Pods to be open to it. */
function guardsOf(pods: readonly PodPort[]): readonly Guard[] {
  const guards = new Map<string, Guard>()
  for (const { record, port } of pods) {
    if (record.policy !== undefined) guards.set(`${record.policy} ${port}`, { policy: record.policy, port })
  }
  return guards.size === 0 ? UNGUARDED : [...guards.values()]
}
