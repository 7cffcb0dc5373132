import { nowhere, type Place } from '../balance/place.ts'
import type {
  AuthorityRecord,
  CertificateRecord,
  ChallengeRecord,
  CredentialRecord,
} from '../model/credential-records.ts'
import type { Problem } from '../model/problem.ts'
import type { EndpointsRecord, NodeRecord, RouteRecord, ServiceRecord } from '../model/records.ts'
import { ofCluster, type SecretPart } from '../model/secret-part.ts'
import { NetworkPolicySet } from '../policy/network-policy.ts'
import type { StoredChange } from '../registry/port.ts'
import { HostIndex } from '../route/host-index.ts'
import { leanRoute } from './lean-records.ts'
import { NodeBook } from './node-book.ts'
import { ServiceBook } from './service-book.ts'
import type { TableService } from './table-service.ts'
import { readChange, type TableChange, Unreadable } from './unreadable.ts'

/** The gateway's compiled, in-memory view of the records. */
export class Table {
  /** Whose records they are; undefined where a gateway serves one cluster only. */
  readonly cluster: string | undefined
  readonly #hosts = new HostIndex()
  readonly #services = new ServiceBook()
  readonly #nodes = new NodeBook()
  readonly #policies = new Map<string, NetworkPolicySet>()
  readonly #certificates = new Map<string, CertificateRecord>()
  readonly #credentials = new Map<string, CredentialRecord>()
  readonly #authorities = new Map<string, AuthorityRecord>()
  readonly #challenges = new Map<string, ChallengeRecord>()
  readonly #problems = new Map<string, readonly Problem<string>[]>()
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
    for (const { tls } of this.#services.all()) if (tls !== undefined) yield tls.id
  }

  routes(): Iterable<RouteRecord> {
    return this.#hosts.all()
  }

  /** What stands behind a service, also what is not eligible now. */
  slicesOf(service: Pick<ServiceRecord, 'namespace' | 'name'>): readonly EndpointsRecord[] {
    return this.#services.slicesOf(service)
  }

  /** The names of its EndpointSlices. */
  sliceNamesOf(service: Pick<ServiceRecord, 'namespace' | 'name'>): readonly string[] {
    return this.#services.sliceNamesOf(service)
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
    const zone = this.#zone()
    for (const change of parsed) this.#put(change)
    const kinds = new Set(parsed.map(({ kind }) => kind))
    if (kinds.has('node')) this.#services.nodesChanged(this.#zone() !== zone)
    if (kinds.has('policy')) this.#services.policiesChanged()
    if (kinds.has('authority') || kinds.has('credential')) this.#services.materialChanged(this)
    this.#services.refresh({ nodes: this.nodes, policies: this.#policies, place: this.place })
    return unreadable.errors()
  }

  #put(change: TableChange): void {
    switch (change.kind) {
      case 'route':
        this.#hosts.set(change.key, change.value && leanRoute(change.value))
        return
      case 'service':
        this.#services.put(change.key, change.value, this)
        return
      case 'endpoints':
        this.#services.putSlice(change.key, change.value)
        return
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

  #zone(): string | undefined {
    const { node, zone } = this.#place
    return zone ?? (node === undefined ? undefined : this.nodes.get(node)?.zone)
  }
}

function put<V>(map: Map<string, V>, key: string, value: V | null): void {
  if (value === null) map.delete(key)
  else map.set(key, value)
}
