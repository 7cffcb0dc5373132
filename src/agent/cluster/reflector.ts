import type { ObjectChange } from '../../compile/compilation.ts'
import { asError } from '../../model/as-error.ts'
import type { Clock, Random, Timers } from '../../model/clock.ts'
import { pause } from '../../model/pause.ts'
import type { WatchedKind } from './kinds.ts'
import type { KubeApi, WatchEvent } from './kube-api.ts'
import { KubeError } from './kube-error.ts'
import { Mirror, type Reading } from './mirror.ts'
import { triggerTime } from './trigger-time.ts'

const MIN_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 30_000
/** Watches end by themselves after 5 to 10 minutes, as client-go's do: a balancer in front may spread them again. */
const WATCH_SECONDS = 300
/** A watch that has heard from its server within this time is live: the first bookmark comes after up to two minutes. */
const LIVE_MS = 130_000
/** A watch that ends sooner is a server that cannot serve it. */
const SHORT_WATCH_MS = 1_000
/** After so many short watches in a row what we hold is in doubt: list again. */
const MAX_SHORT_WATCHES = 5
/** Half a million objects. A list that is longer never ends. */
const MAX_PAGES = 1_000
const VERSION = /^[1-9]\d*$/
/** No server's answer: what we hold cannot be what it holds. */
const CONFLICT = 409

export interface ReflectorOptions {
  readonly api: Pick<KubeApi, 'list' | 'watch'>
  readonly kind: WatchedKind
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly onChange: (change: ObjectChange) => void
  /** A list is about to be read, or is over, whether or not it could be read. */
  readonly onListing: (isListing: boolean) => void
  /** A list has been taken in whole. */
  readonly onListed: () => void
  readonly onTrouble: (error: Error) => void
  /** See ClusterWatch. */
  readonly onTriggered?: (lagMs: number) => void
}

interface Listing {
  readonly readings: ReadonlyMap<string, Reading>
  readonly version: string
}

/**
 * Mirrors one kind of object of a cluster: lists it, watches it, and starts over after trouble, until aborted. What was
 * given stays while there is trouble; an answer that cannot be read takes nothing away. The API server orders events, and a
 * watch goes on from the last one taken; where one comes that is older, nobody knows what was missed, and it lists again.
 */
export class Reflector {
  readonly #options: ReflectorOptions
  readonly #mirror: Mirror
  /** Where to watch from; undefined when there must be a list first. */
  #version: string | undefined
  #failures = 0
  #isWatching = false
  #heardAt: number | undefined

  constructor(options: ReflectorOptions) {
    this.#options = options
    this.#mirror = new Mirror(options.kind, options.onChange)
  }

  /** The last moment (ms since the Unix epoch) at which what was given is known to have been true. */
  liveAt(): number | undefined {
    const now = this.#options.clock.now()
    if (this.#heardAt === undefined) return undefined
    return this.#isWatching && now - this.#heardAt < LIVE_MS ? now : this.#heardAt
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#watch(this.#version ?? (await this.#listing(signal)), signal)
      } catch (error) {
        if (signal.aborted) return
        this.#fail(error)
      }
      await pause(this.#backoffMs(), this.#options.timers, signal)
    }
  }

  async #listing(signal: AbortSignal): Promise<string> {
    this.#options.onListing(true)
    try {
      return await this.#list(signal)
    } finally {
      this.#options.onListing(false)
    }
  }

  /** @returns the version to watch from */
  async #list(signal: AbortSignal): Promise<string> {
    let listing = await this.#pages(signal)
    if (listing.readings.size === 0 && !this.#mirror.isEmpty) {
      // All gone at once is more likely a server that has lost its mind than a cluster that has lost its objects.
      listing = await this.#pages(signal)
    }
    // Only now: a list that breaks off, or never ends, must leave no trace.
    this.#mirror.replace(listing.readings)
    this.#hear()
    this.#options.onListed()
    return listing.version
  }

  async #pages(signal: AbortSignal): Promise<Listing> {
    const { api, kind } = this.#options
    const readings = new Map<string, Reading>()
    let next = ''
    for (let pages = 1; pages <= MAX_PAGES; pages++) {
      const page = await api.list(kind, next, signal, (item) => {
        const reading = this.#mirror.read(item)
        readings.set(reading.key, reading)
      })
      if (page.next === '') return { readings, version: page.resourceVersion }
      if (page.next === next) throw new Error(`Cannot list ${kind.path}: a page names itself as the next one`)
      next = page.next
    }
    throw new Error(`Cannot list ${kind.path}: there is no end after ${MAX_PAGES} pages`)
  }

  async #watch(version: string, signal: AbortSignal): Promise<void> {
    const { api, kind, clock, random } = this.#options
    const seconds = Math.ceil(WATCH_SECONDS * (1 + random()))
    const startedAt = clock.elapsed()
    const isShort = (): boolean => clock.elapsed() - startedAt < SHORT_WATCH_MS
    const open = (): void => {
      this.#isWatching = true
      this.#hear()
    }
    this.#version = version
    try {
      await api.watch(kind, version, seconds, signal, open, (event) => this.#take(event))
      if (isShort()) throw new KubeError(`Cannot watch ${kind.path}: the watch ended at once`, 0)
    } finally {
      this.#isWatching = false
      // Not at the first event: a server that sends one and breaks off would be asked without a pause.
      if (!isShort()) this.#failures = 0
    }
  }

  #take(event: WatchEvent): void {
    this.#hear()
    if (event.type === 'BOOKMARK') {
      this.#version = event.resourceVersion
      return
    }
    const triggeredAt = event.type === 'DELETED' ? undefined : triggerTime(event.object)
    if (triggeredAt !== undefined) this.#options.onTriggered?.(this.#options.clock.now() - triggeredAt)
    const reading = this.#mirror.read(event.object)
    if (isOlderVersion(reading.version, this.#version)) {
      const { path } = this.#options.kind
      const what = `an event of version ${reading.version} came after ${this.#version}`
      throw new KubeError(`Cannot watch ${path}: ${what}`, CONFLICT)
    }
    if (event.type === 'DELETED') this.#mirror.drop(reading.key)
    else this.#mirror.put(reading)
    this.#version = reading.version
  }

  #fail(error: unknown): void {
    this.#failures++
    const status = error instanceof KubeError ? error.status : 0
    // What it will not serve from our version, it may list.
    if (!isPassing(error) || this.#failures >= MAX_SHORT_WATCHES) this.#version = undefined
    // 410: the server no longer knows our version, which is ordinary; but not again and again.
    if (status !== 410 || this.#failures > 1) this.#options.onTrouble(asError(error))
  }

  #hear(): void {
    this.#heardAt = this.#options.clock.now()
  }

  #backoffMs(): number {
    const longest = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** this.#failures)
    return longest * (0.5 + this.#options.random() / 2)
  }
}

/** Versions are numbers that grow, of built-in kinds (KEP-5504); what is no number is not compared. */
function isOlderVersion(one: string, other: string | undefined): boolean {
  if (other === undefined || !VERSION.test(one) || !VERSION.test(other)) return false
  return one.length === other.length ? one < other : one.length < other.length
}

/** A lost connection, or a server that is busy or starting: the version we hold is still good. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false
  return [0, 429, 500, 502, 503].includes(error.status)
}
