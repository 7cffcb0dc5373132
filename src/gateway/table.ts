import { slicesByHostname } from '../balance/by-hostname.ts'
import { eligibleEndpoints } from '../balance/eligible.ts'
import { nowhere, type Place } from '../balance/place.ts'
import type { AddressSet } from '../model/address-set.ts'
import type {
  AuthorityRecord,
  CertificateRecord,
  ChallengeRecord,
  CredentialRecord,
} from '../model/credential-records.ts'
import type { Problem } from '../model/problem.ts'
import type { EndpointsRecord, NodeRecord, RouteRecord, ServiceRecord } from '../model/records.ts'
import { ofCluster, type SecretPart } from '../model/secret-part.ts'
import { type ClientLists, readClientLists } from '../policy/client-lists.ts'
import { NetworkPolicySet } from '../policy/network-policy.ts'
import { readSources } from '../policy/sources.ts'
import type { StoredChange } from '../registry/port.ts'
import { HostIndex } from '../route/host-index.ts'
import { accessFieldNames } from './access/access-check.ts'
import { readServiceTls, type ServiceTls } from './backend-tls/service-tls.ts'
import { leanEndpoints, leanRoute, leanService } from './lean-records.ts'
import { NodeBook } from './node-book.ts'
import { type Reachable, reachable } from './reachable.ts'
import { readTokenCheck, type TokenCheck } from './tokens/token-check.ts'
import { readChange, type TableChange, Unreadable } from './unreadable.ts'

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

/** The gateway's compiled, in-memory view of the records. */
export class Table {
  /** Whose records they are; undefined where a gateway serves one cluster only. */
  readonly cluster: string | undefined
  readonly #hosts = new HostIndex()
  readonly #services = new Map<string, TableService>()
  /** By namespace/name of the Service, then by record key. */
  readonly #slices = new Map<string, Map<string, EndpointsRecord>>()
  readonly #nodes = new NodeBook()
  readonly #policies = new Map<string, NetworkPolicySet>()
  readonly #certificates = new Map<string, CertificateRecord>()
  readonly #credentials = new Map<string, CredentialRecord>()
  readonly #authorities = new Map<string, AuthorityRecord>()
  readonly #challenges = new Map<string, ChallengeRecord>()
  readonly #problems = new Map<string, readonly Problem<string>[]>()
  /** Service keys by namespace/name. */
  readonly #keys = new Map<string, Set<string>>()
  readonly #place: Place

  /** @param place where the gateway stands; the zone is its Node's where it is not given */
  constructor(place: Place = nowhere, cluster?: string) {
    this.#place = place
    this.cluster = cluster
  }

  route(host: string): RouteRecord | undefined {
    return this.#hosts.match(host)
  }

  service(key: string): TableService | undefined {
    return this.#services.get(key)
  }

  /** What endpoints are asked to prove, and shown, for any of its Services. */
  *tlsIds(): Iterable<string> {
    for (const { tls } of this.#services.values()) if (tls !== undefined) yield tls.id
  }

  routes(): Iterable<RouteRecord> {
    return this.#hosts.all()
  }

  /** What stands behind a service, also what is not eligible now. */
  slicesOf({ namespace, name }: Pick<ServiceRecord, 'namespace' | 'name'>): readonly EndpointsRecord[] {
    return [...(this.#slices.get(`${namespace}/${name}`)?.values() ?? [])]
  }

  /** The names of its EndpointSlices. */
  sliceNamesOf({ namespace, name }: Pick<ServiceRecord, 'namespace' | 'name'>): readonly string[] {
    const keys = this.#slices.get(`${namespace}/${name}`)?.keys() ?? []
    return [...keys].map((key) => key.slice(key.lastIndexOf('/') + 1))
  }

  get nodes(): ReadonlyMap<string, NodeRecord> {
    return this.#nodes.all
  }

  /** Whether an address (normalised) is a Node's. */
  isNode(address: string): boolean {
    return this.#nodes.holds(address)
  }

  policy(key: string): NetworkPolicySet | undefined {
    return this.#policies.get(key)
  }

  certificate(key: string): CertificateRecord | undefined {
    return this.#certificates.get(key)
  }

  credential(key: string): CredentialRecord | undefined {
    return this.#credentials.get(key)
  }

  authority(key: string): AuthorityRecord | undefined {
    return this.#authorities.get(key)
  }

  challenge(host: string, token: string): ChallengeRecord | undefined {
    return this.#challenges.get(`${host}/${token}`)
  }

  /** Where the gateway stands. */
  get place(): Place {
    return { ...this.#place, zone: this.#zone() }
  }

  problems(): Problem<string>[] {
    return [...this.#problems.values()].flat()
  }

  /**
   * Applies changes in one step.
   * @returns what could not be read: those records are closed, each for itself, and the others are in force
   */
  apply(changes: readonly StoredChange[]): readonly Error[] {
    const unreadable = new Unreadable()
    const parsed = changes.flatMap((change) => readChange(change, unreadable))
    const dirty = new Set<string>()
    const zone = this.#zone()
    for (const change of parsed) this.#put(change, dirty)
    if (parsed.some(({ kind }) => kind === 'node')) {
      const hasMoved = this.#zone() !== zone
      for (const [key, { record }] of this.#services) {
        if (hasMoved || record.target.type === 'node') dirty.add(key)
      }
    }
    if (parsed.some(({ kind }) => kind === 'policy')) {
      for (const [key, { guarded, byHostname }] of this.#services) {
        if (guarded !== undefined || byHostname !== undefined) dirty.add(key)
      }
    }
    if (parsed.some(({ kind }) => kind === 'authority' || kind === 'credential')) this.#refreshTls()
    for (const key of dirty) this.#refresh(key)
    return unreadable.errors()
  }

  #put(change: TableChange, dirty: Set<string>): void {
    switch (change.kind) {
      case 'route':
        this.#hosts.set(change.key, change.value && leanRoute(change.value))
        return
      case 'service':
        this.#putService(change.key, change.value, dirty)
        return
      case 'endpoints': {
        const owner = change.key.slice(0, change.key.lastIndexOf('/'))
        putIn(this.#slices, owner, change.key, change.value && leanEndpoints(change.value))
        for (const key of this.#keys.get(owner) ?? []) dirty.add(key)
        return
      }
      case 'node':
        this.#nodes.put(change.key, change.value)
        return
      case 'policy':
        put(this.#policies, change.key, change.value === null ? null : new NetworkPolicySet(change.value))
        return
      case 'certificate':
        put(this.#certificates, change.key, this.#own(change.value, 'key'))
        return
      case 'credential':
        put(this.#credentials, change.key, this.#own(change.value, 'secret'))
        return
      case 'authority':
        put(this.#authorities, change.key, change.value)
        return
      case 'challenge':
        put(this.#challenges, change.key, change.value)
        return
      case 'problem':
        put(this.#problems, change.key, change.value)
        return
    }
  }

  /** A record with its secret part, which opens as one of this cluster alone. */
  #own<K extends string, R extends Readonly<Record<K, SecretPart>>>(record: R | null, part: K): R | null {
    return record && { ...record, [part]: ofCluster(record[part], this.cluster) }
  }

  #putService(key: string, record: ServiceRecord | null, dirty: Set<string>): void {
    const owner = key.slice(0, key.lastIndexOf(':'))
    const keys = this.#keys.get(owner) ?? new Set<string>()
    if (record === null) {
      this.#services.delete(key)
      keys.delete(key)
      if (keys.size === 0) this.#keys.delete(owner)
      return
    }
    const sources = readSources(record.sources)
    const tokenCheck = readTokenCheck(record.jwt, record.limits?.rate)
    this.#services.set(key, {
      key,
      record: leanService(record),
      sources,
      lists: readClientLists(record.clients),
      tokenCheck,
      ownFields: ownFieldsOf(record, tokenCheck),
      tls: readServiceTls(record, this, this.#services.get(key)?.tls),
      candidates: [],
      guarded: undefined,
      byHostname: undefined,
    })
    this.#keys.set(owner, keys.add(key))
    dirty.add(key)
  }

  #refresh(key: string): void {
    const service = this.#services.get(key)
    if (service === undefined) return
    const { record } = service
    const place = this.place
    const reach = (some: readonly EndpointsRecord[]): Reachable =>
      reachable(eligibleEndpoints(record, some, this.nodes, place), this.#policies)
    const slices = this.slicesOf(record)
    const named = record.headless && slicesByHostname(slices)
    const byHostname = named && new Map([...named].map(([hostname, some]) => [hostname, reach(some)]))
    this.#services.set(key, { ...service, ...reach(slices), byHostname })
  }

  /** What Services name may have come with them, or changed without them. */
  #refreshTls(): void {
    for (const [key, service] of this.#services) {
      const { tls, record } = service
      const now = tls && readServiceTls(record, this, tls)
      if (now !== tls) this.#services.set(key, { ...service, tls: now })
    }
  }

  #zone(): string | undefined {
    const { node, zone } = this.#place
    return zone ?? (node === undefined ? undefined : this.nodes.get(node)?.zone)
  }
}

function ownFieldsOf({ access }: ServiceRecord, check: TokenCheck | undefined): TableService['ownFields'] {
  const names = [...(check?.ownFields ?? []), ...(access === undefined ? [] : accessFieldNames(access))]
  return names.length === 0 ? undefined : new Set(names)
}

function put<V>(map: Map<string, V>, key: string, value: V | null): void {
  if (value === null) map.delete(key)
  else map.set(key, value)
}

function putIn<V>(maps: Map<string, Map<string, V>>, outer: string, inner: string, value: V | null): void {
  const map = maps.get(outer) ?? new Map<string, V>()
  put(map, inner, value)
  if (map.size === 0) maps.delete(outer)
  else maps.set(outer, map)
}
