import { isAddress } from '../model/host.ts'
import type { RouteRecord } from '../model/records.ts'

/** Routes by hostname. A look-up costs one map access per label, however many hosts there are. */
export class HostIndex {
  readonly #exact = new Map<string, RouteRecord>()
  /** By the part after `*`, with its dot. */
  readonly #wildcard = new Map<string, RouteRecord>()

  set(host: string, route: RouteRecord | null): void {
    const map = host.startsWith('*.') ? this.#wildcard : this.#exact
    const key = host.startsWith('*.') ? host.slice(1) : host
    if (route === null) map.delete(key)
    else map.set(key, route)
  }

  /**
   * The exact host, else the longest wildcard, unless the host is an address. The most specific host owns all of its
   * paths: nothing falls through.
   */
  match(host: string): RouteRecord | undefined {
    const exact = this.#exact.get(host)
    if (exact !== undefined || this.#wildcard.size === 0 || isAddress(host)) return exact
    for (let dot = host.indexOf('.'); dot > 0; dot = host.indexOf('.', dot + 1)) {
      const route = this.#wildcard.get(host.slice(dot))
      if (route !== undefined) return route
    }
    return undefined
  }

  *all(): Iterable<RouteRecord> {
    yield* this.#exact.values()
    yield* this.#wildcard.values()
  }
}
