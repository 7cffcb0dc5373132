import type { Place } from '../balance/place.ts'
import { formatPosition } from '../model/position.ts'
import { compareProblems, type Problem } from '../model/problem.ts'
import { type FollowOptions, follow } from '../registry/follow.ts'
import type { Head } from '../registry/head.ts'
import type { StoredChange, StoredRecord } from '../registry/port.ts'
import type { Freshness } from './freshness.ts'
import { type RouteStatus, routeStatuses } from './route-status.ts'
import { Table } from './table.ts'

/** What an earlier process left, checked against its head. */
export interface Stored {
  readonly head: Head
  readonly records: readonly StoredRecord[]
  /** How old it is by a clock that has run through; undefined when only the wall clock can tell. */
  readonly ageMs: number | undefined
}

/** Keeps what is in force, for the next process. Never throws, never waits. */
export interface Keeper {
  replace(records: readonly StoredRecord[], head: Head): void
  update(changes: readonly StoredChange[], head: Head): void
}

export interface GatewayOptions extends Pick<FollowOptions, 'reader' | 'timers' | 'random' | 'digest'> {
  /** Whose registry it is, where several clusters are served. */
  readonly cluster?: string | undefined
  /** Where it stands: for endpoints that are meant for callers there. */
  readonly place: Place
  readonly freshness: Freshness
  readonly keeper?: Keeper | undefined
  /** What goes wrong while following: the last table stays in force. */
  readonly onTrouble: (error: Error) => void
  /** A newer table or a change is in force. */
  readonly onTable: (head: Head) => void
  /** Told when something newer is about to be taken in; what it returns is called once that is in force. */
  readonly onNews?: (head: Head) => () => void
}

/** A registry that is there says so sooner. */
const ANSWER_WITHIN_MS = 3_000

/** The stateless heart of a gateway: follows the registry, and holds the table that requests are planned on. */
export class Gateway {
  readonly #options: GatewayOptions
  #table: Table | undefined
  #head: Head | undefined
  #source: 'registry' | 'disk' | undefined
  #stored: Stored | undefined
  #hasGoodTable = false

  constructor(options: GatewayOptions) {
    this.#options = options
  }

  /** The table in force; undefined until one has been loaded whole. */
  get table(): Table | undefined {
    return this.#table
  }

  /** Of the table in force. */
  get head(): Head | undefined {
    return this.#head
  }

  /** Where the table in force came from. */
  get source(): 'registry' | 'disk' | undefined {
    return this.#source
  }

  /**
   * Whether there was a table that is as good as any other gateway's. One from disk that is too old for addresses of Pods
   * is not: others may have a newer one. What grows old in force does so in all of them together.
   */
  get hasGoodTable(): boolean {
    return this.#hasGoodTable
  }

  /**
   * Follows until aborted.
   * @param stored served when the registry does not answer at the start, until it does
   */
  run(signal: AbortSignal, stored?: Stored): Promise<void> {
    // Only there, and not in a frame that lives as long as the gateway.
    this.#stored = stored
    const { reader, timers, random, digest, onTrouble, keeper } = this.#options
    const limit = timers.start(ANSWER_WITHIN_MS, () => this.#useStored())
    return follow({
      reader,
      timers,
      random,
      ...(digest && { digest }),
      served: stored?.head,
      signal,
      onLoad: (records, head) => {
        this.#swap(records, head)
        keeper?.replace(records, head)
      },
      onChanges: (changes, head) => {
        this.#takeIn(head, () => this.#table?.apply(changes) ?? [])
        keeper?.update(changes, head)
      },
      onTrouble: (error) => {
        onTrouble(error)
        this.#useStored()
      },
    }).finally(() => limit.cancel())
  }

  routes(): RouteStatus[] {
    const isStale = this.#options.freshness.staleness() !== undefined
    return this.#table === undefined ? [] : routeStatuses(this.#table, isStale)
  }

  problems(): Problem<string>[] {
    return this.#table?.problems().sort(compareProblems) ?? []
  }

  #swap(records: readonly StoredRecord[], head: Head): void {
    this.#stored = undefined
    this.#takeIn(head, () => {
      // Built beside the old table, and swapped whole.
      const { place, cluster } = this.#options
      const table = new Table(place, cluster)
      const troubles = table.apply(records)
      this.#table = table
      this.#source = 'registry'
      return troubles
    })
  }

  #takeIn(head: Head, apply: () => readonly Error[]): void {
    const { onNews, freshness, onTrouble, onTable } = this.#options
    const inForce = onNews?.(head)
    const troubles = apply()
    this.#head = head
    freshness.observed(head.observedAt)
    this.#hasGoodTable = true
    inForce?.()
    for (const trouble of troubles) onTrouble(trouble)
    onTable(head)
  }

  /** The registry does not answer: what was served before is better than nothing. */
  #useStored(): void {
    const stored = this.#stored
    if (stored === undefined) return
    this.#stored = undefined
    const { place, cluster, freshness, onTrouble, onTable } = this.#options
    const { head, records, ageMs } = stored
    const table = new Table(place, cluster)
    const troubles = table.apply(records)
    this.#table = table
    this.#head = head
    this.#source = 'disk'
    freshness.restored(head.observedAt, ageMs)
    this.#hasGoodTable = freshness.staleness() === undefined
    const at = formatPosition(head.position)
    onTrouble(new Error(`The registry does not answer: the records on disk are served, at ${at}`))
    for (const trouble of troubles) onTrouble(trouble)
    onTable(head)
  }
}
