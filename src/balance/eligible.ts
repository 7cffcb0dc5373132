import type { EndpointRecord, EndpointsRecord, NodeRecord, ServiceRecord } from '../model/records.ts'
import type { Endpoint } from './endpoint.ts'

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
  const local = target.onlyLocal ? nodesWithEndpoint(slices) : undefined
  const endpoints: Endpoint[] = []
  for (const [name, node] of nodes) {
    const [address] = node.addresses
    if (address === undefined || !node.ready || node.excluded || local?.has(name) === false) continue
    endpoints.push(makeEndpoint(address, target.nodePort, { node: name, zone: node.zone }))
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
      const endpoint = makeEndpoint(record.address, port, record)
      group?.set(endpoint.key, endpoint)
    }
  }
  return [...(ready.size > 0 ? ready : leaving).values()]
}

/** externalTrafficPolicy Local: nodes with a ready, else a serving and terminating, endpoint of their own. */
function nodesWithEndpoint(slices: readonly EndpointsRecord[]): ReadonlySet<string> {
  const records = slices.flatMap((slice) => slice.endpoints)
  const ready = records.filter((record) => record.ready)
  const serving = ready.length > 0 ? ready : records.filter((record) => record.serving && record.terminating)
  return new Set(serving.flatMap((record) => record.node ?? []))
}

function makeEndpoint(
  address: string,
  port: number,
  facts: { pod?: EndpointRecord['pod']; node?: string | undefined; zone?: string | undefined },
): Endpoint {
  const key = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  return { key, address, port, pod: facts.pod, node: facts.node, zone: facts.zone }
}
