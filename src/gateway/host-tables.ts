import { normaliseHost } from '../model/host.ts'
import { comparePositions, formatPosition } from '../model/position.ts'
import type { Head } from '../registry/head.ts'
import { type HostRead, RegistryError } from '../registry/port.ts'
import { BoundedMap } from './bounded-map.ts'
import { type HostEntry, readEntry } from './host-entry.ts'
import type { PlanTable, Staleness } from './road.ts'

export interface HostTablesOptions {
  /** Hosts that have a route of their own. */
  readonly maxHosts: number
  readonly maxBytes: number
  /** Names that anybody may make up: unknown ones, and those that a wildcard answers. They never push out the others. */
  readonly maxGuests: number
  readonly maxGuestBytes: number
  /** From this age on a host is read again, while it is served. */
  readonly softMs: number
  /** From this age on a host that is unknown has to be asked for again. */
  readonly negativeMs: number
  /** A Pod is not reached by what was observed longer ago: its address may be another's by now. 0: no limit. */
  readonly maxStaleMs: number
}

/** What a gateway knows of single hosts: plain data, bounded, and filled by whoever reads them. */
export class HostTables {
  readonly #options: HostTablesOptions
  readonly #hosts: BoundedMap<HostEntry>
  readonly #guests: BoundedMap<HostEntry>

  constructor(options: HostTablesOptions) {
    this.#options = options
    this.#hosts = new BoundedMap({ maxCount: options.maxHosts, maxBytes: options.maxBytes })
    this.#guests = new BoundedMap({ maxCount: options.maxGuests, maxBytes: options.maxGuestBytes })
  }

  get size(): { readonly hosts: number; readonly guests: number; readonly bytes: number } {
    const [hosts, guests] = [this.#hosts, this.#guests]
    return { hosts: hosts.size, guests: guests.size, bytes: hosts.bytes + guests.bytes }
  }

  /** What requests are planned on at a moment (ms since the epoch). */
  at(now: number): PlanTable {
    return {
      cluster: undefined,
      route: (host) => {
        const entry = this.#use(host)
        // An address has no route that could be read.
        if (entry === undefined) return normaliseHost(host) === host ? 'unloaded' : undefined
        if (this.#isForgotten(entry, now)) return 'unloaded'
        return entry.route
      },
      service: (key, host) => this.peek(host)?.table.service(key),
      credential: (key, host) => this.peek(host)?.table.credential(key),
      challenge: (host, token) => this.peek(host)?.table.challenge(host, token),
      isNode: (address, host) => this.peek(host)?.table.isNode(address) ?? false,
      certificate: (key, host) => this.peek(host)?.table.certificate(key),
      authority: (key, host) => this.peek(host)?.table.authority(key),
    }
  }

  /** Too old for addresses of Pods, at a moment (ms since the epoch); undefined: new enough. */
  staleness(host: string, now: number): Staleness | undefined {
    const { maxStaleMs } = this.#options
    const observedAt = this.peek(host)?.head.observedAt
    if (maxStaleMs === 0 || observedAt === undefined) return undefined
    const observedMsAgo = now - observedAt
    return observedMsAgo > maxStaleMs ? { observedMsAgo, maxStaleMs } : undefined
  }

  peek(host: string): HostEntry | undefined {
    return this.#hosts.peek(host) ?? this.#guests.peek(host)
  }

  /** Whether the host should be read again; if so, that is on the caller from now on, for so long. */
  claim(host: string, now: number, forMs: number): boolean {
    const entry = this.peek(host)
    if (entry === undefined || now < entry.readingUntil) return false
    if (now - entry.readAt < this.#options.softMs) return false
    this.#put(host, { ...entry, readingUntil: now + forMs })
    return true
  }

  /**
   * Keeps what was read at a moment.
   * @throws Error when a record cannot be read, or all is older than what is held, as from a relay that lags behind
   * another; what was held stays.
   */
  store(host: string, read: HostRead, now: number): void {
    const held = this.peek(host)
    if (held !== undefined && isOlder(read.head, held.head)) {
      const [older, newer] = [read.head, held.head].map(({ position }) => formatPosition(position))
      throw new RegistryError(
        'invalid',
        `Cannot use the bundle of host "${host}": ${older} is older than ${newer}, which is held`,
      )
    }
    if (read.type === 'unchanged') {
      if (held !== undefined) this.#put(host, { ...held, head: read.head, readAt: now, readingUntil: 0 })
      return
    }
    this.#put(host, readEntry(host, read, now))
  }

  /** Nobody could say: what is known stays in force, and is asked for again after a while. */
  readFailed(host: string, now: number, retryMs: number): void {
    const held = this.peek(host)
    if (held === undefined) return
    const readAt = held.route === undefined ? now : held.readAt
    this.#put(host, { ...held, readAt, readingUntil: now + retryMs })
  }

  /** Marks what a publish touched as changed. @returns the hosts, most of which nobody may ask for again. */
  touch(owners: readonly string[] | 'reload'): readonly string[] {
    const touched: string[] = []
    for (const map of [this.#hosts, this.#guests]) {
      for (const [host, entry] of map.entries()) {
        if (owners !== 'reload' && !owners.some((owner) => entry.owners.has(owner))) continue
        touched.push(host)
      }
    }
    for (const host of touched) {
      const entry = this.peek(host)
      if (entry !== undefined) this.#put(host, { ...entry, readAt: 0 })
    }
    return touched
  }

  *entries(): Iterable<[string, HostEntry]> {
    yield* this.#hosts.entries()
    yield* this.#guests.entries()
  }

  #use(host: string): HostEntry | undefined {
    return this.#hosts.get(host) ?? this.#guests.get(host)
  }

  /** A name that was unknown may have been exposed since: it is asked for again before it is refused again. */
  #isForgotten({ route, readAt }: HostEntry, now: number): boolean {
    return route === undefined && now - readAt >= this.#options.negativeMs
  }

  #put(host: string, entry: HostEntry): void {
    const isOwn = entry.route?.host === host
    const [map, other] = isOwn ? [this.#hosts, this.#guests] : [this.#guests, this.#hosts]
    other.delete(host)
    map.set(host, entry, entry.bytes)
  }
}

/** A lower position that was observed later is no rollback: agent and registry both started anew. */
function isOlder(head: Head, held: Head): boolean {
  return comparePositions(head.position, held.position) < 0 && head.observedAt <= held.observedAt
}
