import type { EndpointsRecord, ServiceRecord } from '../model/records.ts'
import { readServiceTls, type TlsMaterial } from './backend-tls/service-tls.ts'
import { leanEndpoints } from './lean-records.ts'
import { readService, type Surroundings, type TableService, withEndpoints } from './table-service.ts'

type ServiceName = Pick<ServiceRecord, 'namespace' | 'name'>

/** The Services of a table, and the slices behind them. Their endpoints are those of the last {@link refresh}. */
export class ServiceBook {
  readonly #services = new Map<string, TableService>()
  /** By namespace/name of the Service, then by record key. */
  readonly #slices = new Map<string, Map<string, EndpointsRecord>>()
  /** Service keys by namespace/name. */
  readonly #keys = new Map<string, Set<string>>()
  /** Keys of those whose endpoints may have changed since. */
  readonly #dirty = new Set<string>()

  get(key: string): TableService | undefined {
    return this.#services.get(key)
  }

  all(): Iterable<TableService> {
    return this.#services.values()
  }

  slicesOf({ namespace, name }: ServiceName): readonly EndpointsRecord[] {
    return [...(this.#slices.get(`${namespace}/${name}`)?.values() ?? [])]
  }

  /** The names of its EndpointSlices. */
  sliceNamesOf({ namespace, name }: ServiceName): readonly string[] {
    const keys = this.#slices.get(`${namespace}/${name}`)?.keys() ?? []
    return [...keys].map((key) => key.slice(key.lastIndexOf('/') + 1))
  }

  /** Null takes the service away. */
  put(key: string, record: ServiceRecord | null, material: TlsMaterial): void {
    const owner = key.slice(0, key.lastIndexOf(':'))
    const keys = this.#keys.get(owner) ?? new Set<string>()
    if (record === null) {
      this.#services.delete(key)
      keys.delete(key)
      if (keys.size === 0) this.#keys.delete(owner)
      return
    }
    const tls = readServiceTls(record, material, this.#services.get(key)?.tls)
    this.#services.set(key, readService(key, record, tls))
    this.#keys.set(owner, keys.add(key))
    this.#dirty.add(key)
  }

  /** Null takes the slice away. */
  putSlice(key: string, record: EndpointsRecord | null): void {
    const owner = key.slice(0, key.lastIndexOf('/'))
    const slices = this.#slices.get(owner) ?? new Map<string, EndpointsRecord>()
    if (record === null) slices.delete(key)
    else slices.set(key, leanEndpoints(record))
    if (slices.size === 0) this.#slices.delete(owner)
    else this.#slices.set(owner, slices)
    for (const service of this.#keys.get(owner) ?? []) this.#dirty.add(service)
  }

  /** Nodes have changed. @param hasMoved whether the gateway's own zone has, too */
  nodesChanged(hasMoved: boolean): void {
    for (const [key, { record }] of this.#services) {
      if (hasMoved || record.target.type === 'node') this.#dirty.add(key)
    }
  }

  /** NetworkPolicies have changed. */
  policiesChanged(): void {
    for (const [key, { guarded, byHostname }] of this.#services) {
      if (guarded !== undefined || byHostname !== undefined) this.#dirty.add(key)
    }
  }

  /** What Services name for TLS may have come with them, or changed without them. */
  materialChanged(material: TlsMaterial): void {
    for (const [key, service] of this.#services) {
      const { tls, record } = service
      const now = tls && readServiceTls(record, material, tls)
      if (now !== tls) this.#services.set(key, { ...service, tls: now })
    }
  }

  /** Finds the endpoints anew where they may have changed. */
  refresh(surroundings: Surroundings): void {
    for (const key of this.#dirty) {
      const service = this.#services.get(key)
      if (service === undefined) continue
      this.#services.set(key, withEndpoints(service, this.slicesOf(service.record), surroundings))
    }
    this.#dirty.clear()
  }
}
