import type { Random, Timers } from '../model/clock.ts'
import { comparePositions, origin, type Position } from '../model/position.ts'
import { follow } from '../registry/follow.ts'
import type { Head } from '../registry/head.ts'
import type { Entry, Load, RegistryReader, StoredChange, StoredRecord } from '../registry/port.ts'
import { ChangeLog, type ChangeLogBounds } from './change-log.ts'
import { Holding } from './holding.ts'

export interface MirrorOptions {
  readonly reader: RegistryReader
  readonly timers: Timers
  readonly random: Random
  /** What goes wrong while following: what is held is served on. */
  readonly onTrouble: (error: Error) => void
  readonly log?: ChangeLogBounds
}

const DEFAULT_LOG: ChangeLogBounds = { maxBytes: 16 * 1024 * 1024, maxEntries: 4096 }

/**
 * All that a relay serves: the records of a registry that it follows, checked as any follower checks them, and the
 * entries as they came. What it holds stays good while the registry is away: only the head's `observedAt` ages.
 */
export class Mirror {
  readonly #options: MirrorOptions
  readonly #listeners = new Set<() => void>()
  #holding: Holding | undefined
  /** Undefined until the registry has been read. */
  #log: ChangeLog | undefined
  /** Entries that were read and whose head has not been checked yet. */
  #pending: Entry[] = []

  constructor(options: MirrorOptions) {
    this.#options = options
  }

  /** Undefined until something has been loaded. */
  get holding(): Holding | undefined {
    return this.#holding
  }

  /** Undefined until the registry has been read; a registry may be read and empty. */
  get log(): ChangeLog | undefined {
    return this.#log
  }

  /** Calls back after every change. @returns how to end that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Follows until aborted. */
  run(signal: AbortSignal): Promise<void> {
    const { timers, random, onTrouble } = this.#options
    return follow({
      reader: this.#tap(),
      signal,
      timers,
      random,
      onTrouble,
      onLoad: (records, head) => this.#replace(records, head),
      onChanges: (changes, head) => this.#extend(changes, head),
    })
  }

  /** The reader, with its entries noted as they pass. */
  #tap(): RegistryReader {
    const { reader } = this.#options
    return {
      load: async (signal) => this.#noteLoad(await reader.load(signal)),
      entries: (position, signal) => this.#noteEntries(reader.entries(position, signal)),
    }
  }

  #noteLoad(load: Load): Load {
    // One that was emptied later is about to be repaired: what is held is better than nothing.
    if (load.before === undefined && this.#log === undefined) {
      this.#log = this.#newLog(origin)
      this.#wake()
    }
    return load
  }

  async *#noteEntries(entries: AsyncIterable<Entry | 'gap'>): AsyncIterable<Entry | 'gap'> {
    this.#pending = []
    for await (const entry of entries) {
      if (entry !== 'gap') this.#pending.push(entry)
      yield entry
    }
  }

  #replace(records: readonly StoredRecord[], head: Head): void {
    this.#holding = new Holding(records, head)
    this.#record(head)
  }

  #extend(changes: readonly StoredChange[], head: Head): void {
    this.#holding?.apply(changes, head)
    this.#record(head)
  }

  /** Puts what has passed into the log, if it leads to the head that was checked; otherwise a new history begins there. */
  #record(head: Head): void {
    const entries = this.#pending
    this.#pending = []
    const [first] = entries
    const leadsHere = first !== undefined && leadsTo(entries, head.position)
    const start = leadsHere ? first.previous : head.position
    if (this.#log === undefined || comparePositions(this.#log.end, start) !== 0)
      this.#log = this.#newLog(start)
    if (leadsHere) for (const entry of entries) this.#log.append(entry)
    this.#wake()
  }

  #newLog(base: Position): ChangeLog {
    return new ChangeLog(base, this.#options.log ?? DEFAULT_LOG)
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

/** Whether each entry follows the one before, and the last one is at the position. */
function leadsTo(entries: readonly Entry[], position: Position): boolean {
  const last = entries.at(-1)
  return (
    last !== undefined &&
    comparePositions(last.head.position, position) === 0 &&
    entries.every(({ previous }, index) => {
      const before = entries[index - 1]
      return before === undefined || comparePositions(before.head.position, previous) === 0
    })
  )
}
