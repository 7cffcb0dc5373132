import { asError } from '../model/as-error.ts'
import type { Random, Timers } from '../model/clock.ts'
import { pause } from '../model/pause.ts'
import { comparePositions, formatPosition, origin, type Position } from '../model/position.ts'
import type { Digest } from './digest.ts'
import type { Head } from './head.ts'
import {
  type Entry,
  type Load,
  RegistryError,
  type RegistryReader,
  type StoredChange,
  type StoredRecord,
} from './port.ts'
import { Replica } from './replica.ts'

const MIN_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 5000

export interface FollowOptions {
  readonly reader: RegistryReader
  readonly signal: AbortSignal
  /** Everything, checked against the head. Throwing refuses it. */
  onLoad(records: readonly StoredRecord[], head: Head): void
  /** What one publish changed, checked against the head; empty for a heartbeat. Throwing means a reload. */
  onChanges(changes: readonly StoredChange[], head: Head): void
  /** Why the follower starts anew. What was given before stays good. */
  onTrouble(error: Error): void
  /** What is served before the first load: nothing older is taken. */
  readonly served?: Head | undefined
  readonly timers: Timers
  readonly random: Random
  /** The platform's SHA-256, if it has one. */
  readonly digest?: Digest
}

/**
 * Loads a registry and follows its changes. A stream that is cut is taken up where it ended; after other trouble, and
 * where that fails, everything is loaded again. Resolves once aborted.
 */
export function follow(options: FollowOptions): Promise<void> {
  return new Follower(options).run()
}

class Follower {
  readonly #options: FollowOptions
  #served: Head | undefined
  /** What is held at the position that is served; undefined when it may be half changed. */
  #replica: Replica | undefined
  /** Whether the last round took up a stream where another was cut, and nothing has come by it. */
  #isResuming = false
  /** Rounds that ended since the last entry was applied. */
  #endings = 0

  constructor(options: FollowOptions) {
    this.#options = options
    this.#served = options.served
  }

  async run(): Promise<void> {
    const { signal, timers, random } = this.#options
    while (!signal.aborted) {
      const mayHurry = await this.#guardedRound()
      // Once only: a registry that says 'gap' after every load must not be loaded in a tight loop.
      if (!mayHurry || this.#endings > 0) await pause(backoffMs(this.#endings, random), timers, signal)
      this.#endings++
    }
  }

  /** @returns whether the next round may start at once. */
  async #guardedRound(): Promise<boolean> {
    const { signal, onTrouble } = this.#options
    try {
      const ending = await this.#round()
      if (ending === 'gap' && !signal.aborted) onTrouble(new Error('Registry no longer holds the next entry'))
      return true
    } catch (error) {
      // What a stream says wrongly it would say again.
      if (!(error instanceof RegistryError) || error.code !== 'unreachable') this.#replica = undefined
      if (!signal.aborted) onTrouble(asError(error))
      return false
    }
  }

  async #round(): Promise<'gap' | 'reload'> {
    const held = this.#takeUp()
    if (held !== undefined) return await this.#replay(held.replica, held.position, undefined)
    const loaded = await this.#load()
    if (loaded === undefined) return await this.#firstEntry()
    return await this.#replay(loaded.replica, loaded.position, loaded.until)
  }

  /** By itself, for a frame that waits for entries would hold every record's text meanwhile. */
  async #load(): Promise<{ replica: Replica; position: Position; until: Head | undefined } | undefined> {
    const { reader, signal, digest } = this.#options
    const load = await reader.load(signal)
    this.#replica = undefined
    if (!load.before) {
      this.#tellOfEmptiness()
      return undefined
    }
    const target = this.#targetOf(load, load.before)
    const { position } = load.before
    const replica = new Replica(load.records, position, digest)
    if (comparePositions(position, target.position) < 0) {
      return { replica, position, until: target }
    }
    this.#giveLoad(replica, target)
    return { replica, position, until: undefined }
  }

  /**
   * What a stream that was cut can be gone on with, without reading everything again. Every other time: where loads come
   * through and streams do not, the loads have to.
   */
  #takeUp(): { readonly replica: Replica; readonly position: Position } | undefined {
    const [replica, served] = [this.#replica, this.#served]
    this.#isResuming = !this.#isResuming && replica !== undefined
    return this.#isResuming && replica && served ? { replica, position: served.position } : undefined
  }

  /** @param until the head at which a torn load is whole; undefined when it is */
  async #replay(replica: Replica, from: Position, until: Head | undefined): Promise<'gap' | 'reload'> {
    const { reader, signal } = this.#options
    let torn = until
    if (torn === undefined) this.#replica = replica
    for await (const entry of reader.entries(from, signal)) {
      this.#replica = undefined
      if (entry === 'gap') return 'gap'
      if (entry.changes === 'reload') return 'reload'
      replica.apply(entry.changes, entry)
      if (torn !== undefined && comparePositions(entry.head.position, torn.position) < 0) {
        // Observed later than what the load has to reach, and before it: the registry went back, and will not get there.
        if (entry.head.observedAt > torn.observedAt) return 'reload'
        // Half-way through the replay nothing fits a root yet.
        continue
      }
      if (torn !== undefined) this.#giveLoad(replica, entry.head)
      else this.#giveChanges(replica, entry.changes, entry)
      torn = undefined
      this.#replica = replica
      this.#isResuming = false
      this.#endings = 0
    }
    return 'reload'
  }

  async #firstEntry(): Promise<'gap' | 'reload'> {
    const { reader, signal } = this.#options
    for await (const entry of reader.entries(origin, signal)) return entry === 'gap' ? 'gap' : 'reload'
    return 'reload'
  }

  /** At the start an empty registry is as it should be. */
  #tellOfEmptiness(): void {
    if (this.#served === undefined) return
    const position = formatPosition(this.#served.position)
    this.#options.onTrouble(
      new RegistryError('invalid', `Registry is empty: what it held at ${position} stays in force`),
    )
  }

  /** The head that the load must reach to be whole. */
  #targetOf({ after }: Load, before: Head): Head {
    if (!after || comparePositions(after.position, before.position) < 0) {
      throw new RegistryError('invalid', 'Cannot load: the registry went back during the load')
    }
    const served = this.#served
    // A lower position that was observed later is no rollback: agent and registry both started anew.
    if (
      served &&
      comparePositions(after.position, served.position) < 0 &&
      after.observedAt <= served.observedAt
    ) {
      const positions = `${formatPosition(after.position)} is older than ${formatPosition(served.position)}`
      throw new RegistryError('invalid', `Cannot load: ${positions}, which is served`)
    }
    return after
  }

  #giveLoad(replica: Replica, head: Head): void {
    replica.verify(head)
    this.#options.onLoad(replica.takeRecords(), head)
    this.#served = head
  }

  #giveChanges(replica: Replica, changes: readonly StoredChange[], { head }: Entry): void {
    replica.verify(head)
    this.#options.onChanges(changes, head)
    this.#served = head
  }
}

function backoffMs(endings: number, random: Random): number {
  const longest = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** (endings + 1))
  return Math.max(MIN_BACKOFF_MS, longest * (0.5 + random() / 2))
}
