import { parseIp } from '../model/address.ts'
import type { EndpointSlice, SliceEndpoint } from '../model/objects/endpoint-slice.ts'
import { isDnsLabel } from '../model/objects/meta.ts'
import type { Service, ServicePort } from '../model/objects/service.ts'

/** What the cluster's DNS answers for a Service. Names have no trailing dot. */
export interface DnsRecord {
  readonly name: string
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'PTR'
  /** The address, the name, or for SRV `<port> <target>`; null where the cluster has not assigned it yet. */
  readonly data: string | null
}

/** What has a name of its own, and names for its ports: a Service, or one that is imported. */
export interface Named {
  readonly meta: Pick<Service['meta'], 'name' | 'namespace'>
  readonly spec: { readonly ports: readonly Pick<ServicePort, 'name' | 'protocol' | 'port'>[] }
}

/** `<service>.<namespace>.svc.<zone>` */
export function serviceDnsName({ meta }: Pick<Named, 'meta'>, zone: string): string {
  return `${meta.name}.${meta.namespace}.svc.${zone}`
}

/** A named port's SRV name; an unnamed port has none (§2.3.2, §2.4.2). */
export function srvNames(service: Named, zone: string): { name: string; port: number }[] {
  if ('type' in service.spec && service.spec.type === 'ExternalName') return []
  return service.spec.ports
    .filter(({ name }) => name !== '')
    .map(({ name, protocol, port }) => ({
      name: `_${name}._${protocol}.${serviceDnsName(service, zone)}`.toLowerCase(),
      port,
    }))
}

/** What an endpoint of a headless Service is called. One without a hostname gets a name that only the cluster knows (§2.1). */
export function endpointDnsName(service: Service, endpoint: SliceEndpoint, zone: string): string | undefined {
  const { hostname } = endpoint
  const isNamed = hostname !== undefined && isDnsLabel(hostname) && isPublished(service, endpoint)
  return isNamed ? `${hostname}.${serviceDnsName(service, zone)}` : undefined
}

/**
 * The records of a Service, as Kubernetes DNS-Based Service Discovery 1.1.0 has them (kubernetes/dns,
 * docs/specification.md §2.3 to §2.5). §2.2 (schema version) and §2.6 (addresses as names) are no Service's.
 * @param zone the cluster domain
 */
export function dnsRecords(service: Service, slices: readonly EndpointSlice[], zone: string): DnsRecord[] {
  const name = serviceDnsName(service, zone)
  const { type, clusterIP, externalName } = service.spec
  if (type === 'ExternalName') return [{ name, type: 'CNAME', data: externalName ?? null }]
  return clusterIP === 'None' ? headlessRecords(service, slices, zone) : clusterIpRecords(service, name, zone)
}

/** §2.3 */
function clusterIpRecords(service: Service, name: string, zone: string): DnsRecord[] {
  const { clusterIP, clusterIPs, ipFamilies } = service.spec
  const addresses = clusterIPs.length > 0 ? clusterIPs : [clusterIP ?? ''].filter((ip) => ip !== '')
  const families = ipFamilies.length > 0 ? ipFamilies : (['IPv4'] as const)
  const unassigned = families.map(
    (family): DnsRecord => ({ name, type: family === 'IPv4' ? 'A' : 'AAAA', data: null }),
  )
  return [
    ...(addresses.length > 0 ? addresses.map((address) => addressRecord(name, address)) : unassigned),
    ...srvNames(service, zone).map((srv) => srvRecord(srv, name)),
    ...addresses.flatMap((address) => pointer(address, name)),
  ]
}

/** §2.4: endpoints that are ready, or published while they are not. */
function headlessRecords(service: Service, slices: readonly EndpointSlice[], zone: string): DnsRecord[] {
  const name = serviceDnsName(service, zone)
  const endpoints = slices
    .filter(({ addressType }) => addressType !== 'FQDN')
    .flatMap((slice) => slice.endpoints)
    .filter((endpoint) => isPublished(service, endpoint))
  const named = endpoints.flatMap(({ addresses, ...rest }) => {
    const own = endpointDnsName(service, { addresses, ...rest }, zone)
    return own === undefined ? [] : addresses.map((address) => ({ own, address }))
  })
  const targets = [...new Set(named.map(({ own }) => own))]
  const records = [
    ...endpoints.flatMap(({ addresses }) => addresses.map((address) => addressRecord(name, address))),
    ...named.map(({ own, address }) => addressRecord(own, address)),
    ...srvNames(service, zone).flatMap((srv) => targets.map((target) => srvRecord(srv, target))),
    ...named.flatMap(({ own, address }) => pointer(address, own)),
  ]
  // An endpoint may stand in two slices.
  return [...new Map(records.map((record) => [JSON.stringify(record), record])).values()]
}

/** §2.1: nil ready is ready. */
function isPublished(service: Service, { conditions }: SliceEndpoint): boolean {
  return service.spec.publishNotReadyAddresses || (conditions.ready ?? true)
}

function addressRecord(name: string, address: string): DnsRecord {
  return { name, type: parseIp(address)?.kind() === 'ipv6' ? 'AAAA' : 'A', data: address }
}

/** Weight and priority are the implementation's. */
function srvRecord({ name, port }: { name: string; port: number }, target: string): DnsRecord {
  return { name, type: 'SRV', data: `${port} ${target}` }
}

/** §2.3.3, §2.4.3; RFC 1035 §3.5, RFC 3596 §2.5 */
function pointer(address: string, target: string): DnsRecord[] {
  const parsed = parseIp(address)
  if (parsed === undefined) return []
  const bytes = parsed.toByteArray()
  const labels =
    parsed.kind() === 'ipv4'
      ? bytes.map(String)
      : bytes.flatMap((byte) => [(byte >> 4).toString(16), (byte & 15).toString(16)])
  const name = `${labels.reverse().join('.')}.${parsed.kind() === 'ipv4' ? 'in-addr' : 'ip6'}.arpa`
  return [{ name, type: 'PTR', data: target }]
}
