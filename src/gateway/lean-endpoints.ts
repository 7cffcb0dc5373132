import { oneText } from '../model/one-text.ts'
import type { EndpointRecord, EndpointsRecord } from '../model/records.ts'

/** The same record for a table that holds a hundred thousand endpoints: what many of them say alike is held once. */
export function leanEndpoints(record: EndpointsRecord): EndpointsRecord {
  return { ...record, endpoints: record.endpoints.map(leanEndpoint) }
}

/** Written out member by member, as few as there mostly are. */
function leanEndpoint(endpoint: EndpointRecord): EndpointRecord {
  const { address, ready, serving, terminating, pod } = endpoint
  const [node, zone, policy] = [one(endpoint.node), one(endpoint.zone), one(endpoint.policy)]
  const lean = { address, ready, serving, terminating, node, zone, pod, policy }
  const { forZones, forNodes, hostname } = endpoint
  const isPlain = forZones === undefined && forNodes === undefined && hostname === undefined
  return isPlain ? lean : { ...lean, forZones, forNodes, hostname }
}

function one(text: string | undefined): string | undefined {
  return text === undefined ? undefined : oneText(text)
}
