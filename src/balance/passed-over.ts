import type { EndpointRecord, EndpointsRecord, NodeRecord, ServiceRecord } from '../model/records.ts'
import { familiesOf, firstIn } from './eligible.ts'
import type { Endpoint } from './endpoint.ts'
import { isWithin, type Place } from './place.ts'

/** An endpoint that may not receive requests for a service now, and why. */
export interface PassedOver {
  readonly address: string
  readonly pod: string | undefined
  readonly node: string | undefined
  readonly reason: string
}

const ELSEWHERE = "it does not lie where its cluster's endpoints may (--cluster-cidrs)"

/** Everything that stands behind a service and was not eligible: what `eligibleEndpoints` left out, in words. */
export function passedOver(
  service: ServiceRecord,
  slices: readonly EndpointsRecord[],
  nodes: ReadonlyMap<string, NodeRecord>,
  place: Place,
  eligible: readonly Endpoint[],
): readonly PassedOver[] {
  if (service.target.type === 'node') {
    const otherwise = slices.some(({ refused = 0 }) => refused > 0)
      ? 'its NodePort may lead to an endpoint that is refused'
      : service.target.onlyLocal
        ? 'externalTrafficPolicy is Local, and no Pod there can serve'
        : 'no Pod of the Service can serve'
    return nodesPassedOver(otherwise, service, nodes, place, eligible)
  }
  const chosen = new Set(eligible.map(({ address }) => address))
  const family = eligible[0]?.address.includes(':') ? 'IPv6' : 'IPv4'
  return slices.flatMap((slice) =>
    slice.endpoints
      .filter(({ address }) => !chosen.has(address))
      .map((record) => ({
        address: record.address,
        pod: record.pod,
        node: record.node,
        reason: podReason(service, slice, record, place, eligible.length > 0 ? family : undefined),
      })),
  )
}

function podReason(
  service: ServiceRecord,
  slice: EndpointsRecord,
  record: EndpointRecord,
  place: Place,
  family: EndpointsRecord['family'] | undefined,
): string {
  const { ready, serving, terminating } = record
  if (!slice.ports.some(({ name }) => name === service.portName)) {
    return service.portName === ''
      ? 'its slice has no such port'
      : `its slice has no port ${service.portName}`
  }
  if (service.families.length > 0 && !service.families.includes(slice.family))
    return `the Service has no ${slice.family} (spec.ipFamilies)`
  if (!place.families.includes(slice.family))
    return `${slice.family} is not reached from here (--ip-families)`
  if (!isWithin(record.address, place)) return ELSEWHERE
  if (family !== undefined && slice.family !== family) return `the Service is reached by ${family} here`
  if (terminating && serving && !ready) return 'it is terminating, and others are ready'
  if (terminating && !ready) return 'it is terminating, and no longer serving'
  if (!ready) return 'it is not ready'
  return hintReason(record)
}

/** Of a ready one that could be reached: what is left is that others are meant for callers here. */
function hintReason({ forNodes = [], forZones = [] }: EndpointRecord): string {
  const places = [...forNodes, ...forZones]
  return places.length === 0
    ? 'others are meant for callers here'
    : `it is meant for callers elsewhere (${places.join(', ')})`
}

/** @param otherwise why a node is out that would do by itself */
function nodesPassedOver(
  otherwise: string,
  service: ServiceRecord,
  nodes: ReadonlyMap<string, NodeRecord>,
  place: Place,
  eligible: readonly Endpoint[],
): readonly PassedOver[] {
  const chosen = new Set(eligible.map(({ node }) => node))
  return [...nodes]
    .filter(([name]) => !chosen.has(name))
    .map(([name, node]) => ({
      address: node.addresses[0] ?? '-',
      pod: undefined,
      node: name,
      reason: nodeReason(node, service, place) ?? otherwise,
    }))
}

function nodeReason(
  { addresses, ready, excluded }: NodeRecord,
  service: ServiceRecord,
  place: Place,
): string | undefined {
  if (addresses.length === 0) return 'the node has no address'
  if (!ready) return 'the node is not ready'
  if (excluded) return 'the node is kept from load balancers by its label'
  const families = familiesOf(service, place)
  const address = firstIn(families, addresses)
  if (address === undefined)
    return `the node has no address of ${families.join(' or ') || 'a family that is reached from here'}`
  return isWithin(address, place) ? undefined : ELSEWHERE
}
