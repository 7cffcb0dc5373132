import type { RouteRecord } from '../model/records.ts'

const NONE: ReadonlySet<string> = new Set()

/** Which hosts Services (namespace/name) have for their own, as routes were settled: a claim alone gives none. */
export class HeldHosts {
  readonly #byHost = new Map<string, ReadonlySet<string>>()
  readonly #byService = new Map<string, Set<string>>()

  /** A host's route is this now. @returns the Services that came by the host, or lost it */
  replace(host: string, route: RouteRecord | undefined): string[] {
    const before = this.#byHost.get(host) ?? NONE
    // Names of Pods are below a wildcard of two levels: no certificate is for those.
    const own = (route?.rules ?? []).filter(
      ({ action }) => action.type !== 'forward' || action.endpoint === undefined,
    )
    const now = new Set(own.map(({ origin }) => `${origin.namespace}/${origin.name}`))
    if (now.size === 0) this.#byHost.delete(host)
    else this.#byHost.set(host, now)
    const lost = [...before].filter((service) => !now.has(service))
    const won = [...now].filter((service) => !before.has(service))
    for (const service of lost) this.#lose(service, host)
    for (const service of won) {
      this.#byService.set(service, (this.#byService.get(service) ?? new Set()).add(host))
    }
    return [...lost, ...won]
  }

  of(service: string): readonly string[] {
    return [...(this.#byService.get(service) ?? NONE)].sort()
  }

  #lose(service: string, host: string): void {
    const hosts = this.#byService.get(service)
    hosts?.delete(host)
    if (hosts?.size === 0) this.#byService.delete(service)
  }
}
