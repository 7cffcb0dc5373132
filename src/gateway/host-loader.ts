import type { Clock, Timers } from '../model/clock.ts'
import type { Position } from '../model/position.ts'
import type { HostReader } from '../registry/port.ts'
import type { HostTables } from './host-tables.ts'

export interface HostLoaderParts {
  readonly reader: HostReader
  readonly tables: HostTables
  readonly clock: Pick<Clock, 'now'>
  readonly timers: Timers
  readonly onTrouble: (error: Error) => void
}

/** How long a read may take. */
const READ_MS = 3_000
/** How long a host is left alone after a read that failed. */
const RETRY_MS = 1_000
/** How long one request follows changes for the others: platforms give work that outlives its answer 30 s. */
const FOLLOW_MS = 25_000
/** After a connection that broke at once. */
const FOLLOW_PAUSE_MS = 2_000
/** After a publish that touched many hosts the rest is read again when it is asked for. */
const MAX_READS_PER_HINT = 20

/** Fills the tables of single hosts. Between calls it holds plain data only: no promise, no connection, no timer. */
export class HostLoader {
  readonly #parts: HostLoaderParts
  #followingUntil = 0
  #position: Position | undefined

  constructor(parts: HostLoaderParts) {
    this.#parts = parts
  }

  /** Reads one host. Never rejects: without an answer the tables stay as they are. */
  async load(host: string): Promise<void> {
    const { reader, tables, clock, timers, onTrouble } = this.#parts
    const abort = new AbortController()
    const timer = timers.start(READ_MS, () => abort.abort(new Error(`no answer within ${READ_MS} ms`)))
    try {
      const read = await reader.readHost(host, tables.peek(host)?.etag, abort.signal)
      tables.store(host, read, clock.now())
      this.#position = read.head.position
    } catch (cause) {
      tables.readFailed(host, clock.now(), RETRY_MS)
      onTrouble(new Error(`Cannot read ${host} from the registry`, { cause }))
    } finally {
      timer.cancel()
    }
  }

  /** What a request leaves behind to be done: a host that has aged is read again while it is served. */
  refresh(host: string): Promise<void> | undefined {
    const { tables, clock } = this.#parts
    return tables.claim(host, clock.now(), READ_MS) ? this.load(host) : undefined
  }

  /** Follows publishes for a while, unless another request does, so that a change is seen before a host has aged. */
  follow(): Promise<void> | undefined {
    const now = this.#parts.clock.now()
    if (now < this.#followingUntil || this.#position === undefined) return undefined
    this.#followingUntil = now + FOLLOW_MS
    return this.#follow(this.#position)
  }

  async #follow(position: Position): Promise<void> {
    const { reader, timers, clock, onTrouble } = this.#parts
    const abort = new AbortController()
    const timer = timers.start(FOLLOW_MS, () => abort.abort())
    try {
      for await (const hint of reader.hints(position, abort.signal)) {
        if (hint === 'gap') await this.#touched('reload')
        else {
          this.#position = hint.head.position
          if (hint.owners.length > 0) await this.#touched(hint.owners)
        }
      }
    } catch (cause) {
      onTrouble(new Error('Cannot follow the registry', { cause }))
    } finally {
      timer.cancel()
      this.#followingUntil = Math.min(this.#followingUntil, clock.now() + FOLLOW_PAUSE_MS)
    }
  }

  /** A few hosts are read again at once, so that the next request finds them; the others when they are asked for. */
  async #touched(owners: readonly string[] | 'reload'): Promise<void> {
    const hosts = this.#parts.tables.touch(owners)
    // The last are those that were asked for last.
    for (const host of hosts.slice(-MAX_READS_PER_HINT)) await this.load(host)
  }
}
