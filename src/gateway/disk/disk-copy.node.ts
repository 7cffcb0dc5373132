import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { asError } from '../../model/as-error.ts'
import type { Clock, Timer, Timers } from '../../model/clock.ts'
import type { Head, HeadReader } from '../../registry/head.ts'
import { recordId } from '../../registry/owner.ts'
import type { StoredChange, StoredRecord } from '../../registry/port.ts'
import type { Keeper, Stored } from '../gateway.ts'
import { readRecords, removeLeftovers, writeRecords } from './records-file.node.ts'
import type { Stamp } from './records-text.ts'
import type { Uptime } from './uptime.node.ts'

export interface DiskCopyOptions {
  readonly folder: string
  readonly cluster: string
  /** Whose heads are taken: what is on disk may be anybody's by now. */
  readonly heads: HeadReader
  /** Another process beside this one writes it. */
  readonly isReadOnly?: boolean
  readonly clock: Clock
  readonly timers: Timers
  readonly uptime: () => Uptime
  /** How old what is in force is. */
  readonly ageMs: () => number
  readonly onTrouble: (error: Error) => void
  readonly onWritten: (outcome: 'written' | 'failed') => void
}

/** Changes are gathered for this long. */
const CHANGES_MS = 5_000
/** A write that takes long is not begun again at once: it may take a twentieth of the time. */
const REST_FACTOR = 20
/** Where nothing changed, only how new it is. */
const CONFIRM_MS = 60_000
const RETRY_MS = 10_000
/** What another process is writing is younger. */
const LEFTOVER_MS = 60_000
/** A disk that hangs must not keep the process. */
const CLOSE_MS = 5_000

/** What is in force and not on disk: changes, or only that what is there still holds. */
type Unwritten = 'nothing' | 'confirmed' | 'changed'

/** The last good records on disk: read at the start, and written behind what is in force. Nothing waits for it. */
export class DiskCopy implements Keeper {
  readonly path: string
  readonly #options: DiskCopyOptions
  readonly #records = new Map<string, StoredRecord>()
  #head: Head | undefined
  #unwritten: Unwritten = 'nothing'
  #timer: { readonly timer: Timer; readonly at: number } | undefined
  #writing: Promise<void> | undefined
  /** In elapsed time: no write begins before. */
  #restUntil = 0
  #writtenAt: number | undefined
  #problem: string | undefined

  constructor(options: DiskCopyOptions) {
    this.#options = options
    this.path = join(options.folder, `${options.cluster}.records`)
  }

  /** How long ago what is on disk was written; undefined: not by this process. */
  get writtenMsAgo(): number | undefined {
    return this.#writtenAt === undefined ? undefined : this.#options.clock.elapsed() - this.#writtenAt
  }

  /** Why the last read or write failed. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** What an earlier process left. Never rejects: what is wrong with it is told, and it is not used. */
  async read(): Promise<Stored | undefined> {
    const { folder, cluster, heads, isReadOnly, clock } = this.#options
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      if (!isReadOnly) await removeLeftovers(this.path, clock.now() - LEFTOVER_MS)
    } catch (error) {
      this.#fail('Cannot use', error)
    }
    try {
      const contents = await readRecords(this.path, cluster, heads)
      if (contents === undefined) return undefined
      const { head, records, stamp } = contents
      return { head, records, ageMs: this.#ageSince(stamp) }
    } catch (error) {
      this.#fail('Cannot use', error)
      return undefined
    }
  }

  replace(records: readonly StoredRecord[], head: Head): void {
    if (this.#options.isReadOnly) return
    this.#records.clear()
    for (const record of records) this.#records.set(recordId(record.kind, record.key), record)
    this.#head = head
    this.#unwritten = 'changed'
    this.#schedule(0)
  }

  update(changes: readonly StoredChange[], head: Head): void {
    if (this.#options.isReadOnly) return
    for (const { kind, key, text } of changes) {
      if (text === null) this.#records.delete(recordId(kind, key))
      else this.#records.set(recordId(kind, key), { kind, key, text })
    }
    this.#head = head
    this.#mark(changes.length > 0 ? 'changed' : 'confirmed')
    this.#scheduleRest()
  }

  /** Writes what is not written yet, and ends. */
  async close(): Promise<void> {
    this.#timer?.timer.cancel()
    const limit = Promise.withResolvers<void>()
    const timer = this.#options.timers.start(CLOSE_MS, limit.resolve)
    await Promise.race([limit.promise, this.#finish()])
    timer.cancel()
  }

  async #finish(): Promise<void> {
    await this.#writing
    if (this.#unwritten !== 'nothing') await this.#write()
    this.#timer?.timer.cancel()
  }

  #mark(what: Unwritten): void {
    if (what === 'changed' || this.#unwritten === 'nothing') this.#unwritten = what
  }

  #scheduleRest(): void {
    if (this.#unwritten !== 'nothing') this.#schedule(this.#unwritten === 'changed' ? CHANGES_MS : CONFIRM_MS)
  }

  #schedule(delayMs: number): void {
    if (this.#writing !== undefined) return
    const { clock, timers } = this.#options
    const now = clock.elapsed()
    const at = Math.max(now + delayMs, this.#restUntil)
    if (this.#timer !== undefined && this.#timer.at <= at) return
    this.#timer?.timer.cancel()
    const timer = timers.start(at - now, () => {
      this.#timer = undefined
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined
        this.#scheduleRest()
      })
    })
    this.#timer = { timer, at }
  }

  async #write(): Promise<void> {
    const head = this.#head
    if (head === undefined) return
    const { clock, uptime, ageMs, onWritten } = this.#options
    const wanted = this.#unwritten
    const startedAt = clock.elapsed()
    this.#unwritten = 'nothing'
    try {
      const stamp = { ...uptime(), ageMs: ageMs() }
      // The texts are shared: this is a list of the records as they are now.
      await writeRecords(this.path, { head, stamp, records: [...this.#records.values()] })
      this.#writtenAt = startedAt
      this.#problem = undefined
      this.#restUntil = clock.elapsed() + REST_FACTOR * (clock.elapsed() - startedAt)
      onWritten('written')
    } catch (error) {
      this.#mark(wanted)
      this.#restUntil = clock.elapsed() + RETRY_MS
      this.#fail('Cannot write', error)
      onWritten('failed')
    }
  }

  /** Undefined: the machine has started anew, or cannot tell. */
  #ageSince({ boot, uptimeMs, ageMs }: Stamp): number | undefined {
    const now = this.#options.uptime()
    return boot !== '' && boot === now.boot ? ageMs + Math.max(0, now.uptimeMs - uptimeMs) : undefined
  }

  #fail(what: string, thrown: unknown): void {
    const cause = asError(thrown)
    this.#problem = `${what} the records in ${this.path}: ${cause.message}`
    this.#options.onTrouble(new Error(this.#problem, { cause }))
  }
}
