import type { Client, Peer } from '../../identity/identify.ts'
import type { ErrorCode } from '../../model/errors.ts'
import type { PeerTls } from '../../model/peer-tls.ts'
import type { RouteRecord } from '../../model/records.ts'
import type { Hsts } from '../../model/route-tls.ts'
import { covers } from '../../tls/fitting-certificates.ts'
import type { PlanTable, RoadOptions } from '../road.ts'

/** Where a certificate is proven by plain HTTP (RFC 8555 §8.3), which a redirect to a host without one would lead nowhere. */
const CHALLENGES = '/.well-known/acme-challenge/'

/** A request that is looked at: the client came by `peer`, for a host and a path. */
export interface TlsQuestion {
  readonly route: RouteRecord
  readonly host: string
  readonly path: string
  readonly peer: Peer
  readonly client: Client
  readonly table: Pick<PlanTable, 'cluster' | 'certificate' | 'authority'>
}

/** Why the request may not go on as it came; undefined: it may. */
export function askTls({ route, host, path, peer, client, table }: TlsQuestion): ErrorCode | undefined {
  const { tls } = peer
  const asked = route.tls
  if (asked?.redirect && client.scheme === 'http' && !path.startsWith(CHALLENGES)) return 'tls-required'
  if (asked?.clients !== undefined) {
    const authority = table.authority(asked.clients.authority, host)?.certificates
    // Nobody can say whose certificates are good.
    if (authority === undefined) return 'rule-unavailable'
    const isRequired = asked.clients.mode === 'require'
    // By plain HTTP, or where TLS ends in front: nobody could be asked.
    if (tls === undefined) return isRequired ? 'client-certificate-missing' : undefined
    if (tls.authority !== authority || (isRequired && tls.client === undefined)) return 'misdirected'
  }
  return tls === undefined || isFor(tls, route, host, peer, table) ? undefined : 'misdirected'
}

/**
 * Whether a connection was negotiated for the host, or for one that would have been shown the same certificate. Who names
 * no host has no other way to come; and a proxy of the operator's may have one name for all that it brings.
 */
function isFor(
  { serverName, certificate }: PeerTls,
  route: RouteRecord,
  host: string,
  peer: Peer,
  table: TlsQuestion['table'],
): boolean {
  if (serverName === host || serverName === undefined || peer.isTrusted) return true
  const fits = (key: string): boolean => {
    const record = table.certificate(key, host)
    return record !== undefined && covers(record, host)
  }
  const ofHost = route.tls?.certificates.filter(fits) ?? []
  if (certificate === undefined) return ofHost.length === 0
  return certificate.cluster === table.cluster && certificate.keys.some((key) => ofHost.includes(key))
}

/** Where a client finds by https what it asked for by plain HTTP. */
export function httpsLocation(
  host: string,
  pathAndQuery: string,
  authority: string,
  { httpsPort }: RoadOptions,
): string {
  // Who came to a port of its own does not come by what stands in front of 80 and 443.
  const port = /:(\d+)$/.exec(authority)?.[1]
  const isOwn = port !== undefined && port !== '80' && httpsPort !== undefined && httpsPort !== 443
  return `https://${host}${isOwn ? `:${httpsPort}` : ''}${pathAndQuery}`
}

/** RFC 6797 §6.1. */
export function formatHsts({ maxAgeSeconds, includeSubDomains, preload }: Hsts): string {
  return `max-age=${maxAgeSeconds}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
}
