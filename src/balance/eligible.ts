import type { EndpointRecord, EndpointsRecord, NodeRecord, ServiceRecord } from '../model/records.ts'
import type { Endpoint, Guard } from './endpoint.ts'

/**
 * The endpoints that may receive requests for a service now: ready ones, else serving and terminating ones, so that a
 * rollout of one replica drops nothing. Without duplicates across slices; one address family.
 */
export function eligibleEndpoints(
  service: ServiceRecord,
  slices: readonly EndpointsRecord[],
  nodes: ReadonlyMap<string, NodeRecord>,
): readonly Endpoint[] {
  const { target } = service
  if (target.type === 'pod') return podEndpoints(service, slices)
  const reachable = reachablePods(service, slices)
  const endpoints: Endpoint[] = []
  for (const [name, node] of nodes) {
    const [address] = node.addresses
    if (address === undefined || !node.ready || node.excluded) continue
    const behind = target.onlyLocal ? reachable.filter(({ record }) => record.node === name) : reachable
    if (target.onlyLocal && behind.length === 0) continue
    endpoints.push(makeEndpoint(address, target.nodePort, { node: name, zone: node.zone }, guardsOf(behind)))
  }
  return endpoints
}

function podEndpoints(service: ServiceRecord, slices: readonly EndpointsRecord[]): readonly Endpoint[] {
  const ready = new Map<string, Endpoint>()
  const leaving = new Map<string, Endpoint>()
  // One family per Service: the family of its first slice, IPv4 before IPv6.
  const family = slices.some((slice) => slice.family === 'IPv4') ? 'IPv4' : 'IPv6'
  for (const slice of slices) {
    const port = slice.ports.find((candidate) => candidate.name === service.portName)?.port
    if (port === undefined || slice.family !== family) continue
    for (const record of slice.endpoints) {
      const group = record.ready ? ready : record.serving && record.terminating ? leaving : undefined
      const endpoint = makeEndpoint(record.address, port, record, guardsOf([{ record, port }]))
      group?.set(endpoint.key, endpoint)
    }
  }
  return [...(ready.size > 0 ? ready : leaving).values()]
}

interface PodPort {
  readonly record: EndpointRecord
  readonly port: number
}

/** The Pods that a NodePort can lead to: ready ones, else serving and terminating ones. */
function reachablePods(service: ServiceRecord, slices: readonly EndpointsRecord[]): PodPort[] {
  const all = slices.flatMap((slice) => {
    const port = slice.ports.find(({ name }) => name === service.portName)?.port
    return port === undefined ? [] : slice.endpoints.map((record) => ({ record, port }))
  })
  const ready = all.filter(({ record }) => record.ready)
  return ready.length > 0 ? ready : all.filter(({ record }) => record.serving && record.terminating)
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

function makeEndpoint(
  address: string,
  port: number,
  facts: { pod?: EndpointRecord['pod']; node?: string | undefined; zone?: string | undefined },
  guards: readonly Guard[],
): Endpoint {
  const key = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  return { key, address, port, pod: facts.pod, node: facts.node, zone: facts.zone, guards }
}
