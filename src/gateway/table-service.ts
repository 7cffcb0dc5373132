import { slicesByHostname } from '../balance/by-hostname.ts'
import { eligibleEndpoints } from '../balance/eligible.ts'
import type { Place } from '../balance/place.ts'
import type { AddressSet } from '../model/address-set.ts'
import type { EndpointsRecord, NodeRecord, ServiceRecord } from '../model/records.ts'
import { type ClientLists, readClientLists } from '../policy/client-lists.ts'
import type { NetworkPolicySet } from '../policy/network-policy.ts'
import { readSources } from '../policy/sources.ts'
import { accessFieldNames } from './access/access-check.ts'
import type { ServiceTls } from './backend-tls/service-tls.ts'
import { leanService } from './lean-records.ts'
import { type Reachable, reachable } from './reachable.ts'
import { readTokenCheck, type TokenCheck } from './tokens/token-check.ts'

/** A service as requests see it. Replaced whole when anything about it changes, so a request keeps what it began with. */
export interface TableService extends Reachable {
  readonly key: string
  /** The blocks that clients may come from. Undefined: everyone. */
  readonly sources: AddressSet | undefined
  /** Allow and deny lists. Undefined: there are none. */
  readonly lists: ClientLists | undefined
  /** What clients' tokens must say. Undefined: nobody is asked for one. */
  readonly tokenCheck: TokenCheck | undefined
  /** How its endpoints are spoken to over TLS. Undefined: in the clear. */
  readonly tls: ServiceTls | undefined
  /** Fields by which the application is told of the client, folded: no client may send them. Undefined: none. */
  readonly ownFields: ReadonlySet<string> | undefined
  readonly record: ServiceRecord
  /** Of a headless one: each endpoint by itself, also while others are preferred or it cannot serve. */
  readonly byHostname: ReadonlyMap<string, Reachable> | undefined
}

/** What decides on a service's endpoints, besides its slices. */
export interface Surroundings {
  readonly nodes: ReadonlyMap<string, NodeRecord>
  readonly policies: ReadonlyMap<string, NetworkPolicySet>
  /** Where the gateway stands. */
  readonly place: Place
}

/** A service as its record says; its endpoints are still to be found. */
export function readService(key: string, record: ServiceRecord, tls: ServiceTls | undefined): TableService {
  const sources = readSources(record.sources)
  const tokenCheck = readTokenCheck(record.jwt, record.limits?.rate)
  return {
    key,
    record: leanService(record),
    sources,
    lists: readClientLists(record.clients),
    tokenCheck,
    ownFields: ownFieldsOf(record, tokenCheck),
    tls,
    candidates: [],
    guarded: undefined,
    byHostname: undefined,
  }
}

/** The service with the endpoints that its slices have here and now. */
export function withEndpoints(
  service: TableService,
  slices: readonly EndpointsRecord[],
  { nodes, policies, place }: Surroundings,
): TableService {
  const { record } = service
  const reach = (some: readonly EndpointsRecord[]): Reachable =>
    reachable(eligibleEndpoints(record, some, nodes, place), policies)
  const named = record.headless && slicesByHostname(slices)
  const byHostname = named && new Map([...named].map(([hostname, some]) => [hostname, reach(some)]))
  return { ...service, ...reach(slices), byHostname }
}

function ownFieldsOf({ access }: ServiceRecord, check: TokenCheck | undefined): TableService['ownFields'] {
  const names = [...(check?.ownFields ?? []), ...(access === undefined ? [] : accessFieldNames(access))]
  return names.length === 0 ? undefined : new Set(names)
}
