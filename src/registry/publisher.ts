import type { Clock } from '../model/clock.ts'
import { ByName } from '../model/objects/by-name.ts'
import { origin, type Position } from '../model/position.ts'
import type { Digest } from './digest.ts'
import { type Epochs, soleWriter } from './epochs.ts'
import { applyChange, HashTree } from './hash-tree.ts'
import { type HeadWriter, type News, SCHEMA_VERSION, unsignedWriter } from './head.ts'
import {
  MAX_INCREMENT_BYTES,
  MAX_INCREMENT_CHANGES,
  type PublishResult,
  RegistryError,
  type RegistryWriter,
  type StoredChange,
  type StoredRecord,
  sizeOf,
} from './port.ts'

const MAX_ATTEMPTS = 5

export interface PublisherOptions {
  readonly writer: RegistryWriter
  readonly cluster: string
  readonly clock: Clock
  /** Who may write, and when; by default we alone. */
  readonly epochs?: Epochs
  /** Signs what is stated; by default nobody does. */
  readonly heads?: HeadWriter
  /** The platform's SHA-256, if it has one. */
  readonly digest?: Digest
}

/**
 * Writes what changed, and repairs a registry that holds something else than what was published. While somebody else leads
 * it keeps what it is given, writes nothing, and writes everything once it is its turn.
 */
export class Publisher {
  readonly #options: PublisherOptions
  /** Texts of all records, by kind and key. */
  readonly #texts = new ByName<string>()
  readonly #tree: HashTree
  readonly #epochs: Epochs
  /** Where the registry stands as far as we know; undefined when it is empty. */
  #current: Position | undefined
  /** The highest epoch that we have used or seen. */
  #epoch = origin.epoch
  #hasRecords = false
  #hasPublished = false
  /** What the registry holds is unknown: before the first publish, and after one that failed. */
  #isUnsure = true
  /** Of the changes that are not written yet. */
  #news: News | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#tree = new HashTree(options.digest)
    this.#epochs = options.epochs ?? soleWriter
  }

  /** Whether the registry has taken something yet. */
  get hasPublished(): boolean {
    return this.#hasPublished
  }

  /**
   * Publishes those changes that differ from what was published before.
   * @param observedAt the oldest moment (ms since the Unix epoch) at which every watch was live
   * @param news where the changes came from
   * @returns how many changes were written; 0 when there was nothing to write, and while somebody else leads
   * @throws RegistryError, or what the epochs throw; the changes are kept and go out with the next publish or heartbeat
   */
  publish(changes: readonly StoredChange[], observedAt: number, news?: News): Promise<number> {
    return this.#inTurn(async () => {
      this.#hasRecords = true
      const fresh = changes.filter((change) => this.#keep(change))
      // Those that could not be written have waited longer.
      if (fresh.length > 0) this.#news ??= news
      if (fresh.length === 0 && !this.#isUnsure) return 0
      return await this.#write(fresh, observedAt)
    })
  }

  /** Says that the records still hold, and repairs the registry if it lost them. @throws RegistryError */
  heartbeat(observedAt: number): Promise<void> {
    return this.#inTurn(async () => {
      // Before the first publish an empty head would take every route away.
      if (this.#hasRecords) await this.#write([], observedAt)
    })
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task, task)
    this.#last = turn
    return turn
  }

  /** @returns whether the change is news. */
  #keep(change: StoredChange): boolean {
    const { kind, key, text } = change
    if ((this.#texts.get(kind, key) ?? null) === text) return false
    if (text === null) this.#texts.delete(kind, key)
    else this.#texts.set(kind, key, text)
    applyChange(this.#tree, change)
    return true
  }

  async #write(fresh: readonly StoredChange[], observedAt: number): Promise<number> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const next = this.#nextPosition()
      // Stays so if anything throws: the write may have happened or not.
      this.#isUnsure = true
      const position = next ?? (await this.#newPosition())
      if (position === undefined) {
        this.#news = undefined
        return 0
      }
      const isWhole = next === undefined || isTooLarge(fresh)
      const changes = isWhole ? recordsOf(this.#texts) : fresh
      const result = await this.#send(position, changes, isWhole, observedAt)
      if (result.ok) {
        this.#current = position
        this.#isUnsure = false
        this.#hasPublished = true
        this.#news = undefined
        return changes.length
      }
      this.#current = result.current
      this.#epoch = Math.max(this.#epoch, result.current?.epoch ?? origin.epoch)
    }
    const { cluster } = this.#options
    throw new RegistryError('invalid', `Cannot publish cluster "${cluster}": refused ${MAX_ATTEMPTS} times`)
  }

  /** Where the registry goes on from where we know that it stands; undefined when it takes a new epoch. */
  #nextPosition(): Position | undefined {
    const current = this.#current
    if (this.#isUnsure || current === undefined || !this.#epochs.holds(current.epoch)) return undefined
    return { ...current, revision: current.revision + 1 }
  }

  /** @returns undefined when somebody else leads. */
  async #newPosition(): Promise<Position | undefined> {
    const epoch = await this.#epochs.take(this.#epoch)
    if (epoch === undefined) return undefined
    this.#epoch = epoch
    return { epoch, revision: 1 }
  }

  async #send(
    position: Position,
    changes: readonly StoredChange[],
    isWhole: boolean,
    observedAt: number,
  ): Promise<PublishResult> {
    const { writer, cluster, clock, heads = unsignedWriter } = this.#options
    const head = await heads.write({
      schema: SCHEMA_VERSION,
      cluster,
      position,
      // A moment in the future, after the clock was set back, would hide staleness from every gateway.
      observedAt: Math.floor(Math.min(observedAt, clock.now())),
      root: this.#tree.root(),
      ...(this.#news && { news: this.#news }),
    })
    return await writer.publish({ expected: this.#current, head, changes, isWhole })
  }
}

function recordsOf(texts: ByName<string>): StoredRecord[] {
  return [...texts.entries()].map(([kind, key, text]) => ({ kind, key, text }))
}

function isTooLarge(changes: readonly StoredChange[]): boolean {
  return changes.length > MAX_INCREMENT_CHANGES || sizeOf(changes) > MAX_INCREMENT_BYTES
}
