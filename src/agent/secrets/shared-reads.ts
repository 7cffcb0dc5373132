import type { Clock, Random, Timers } from '../../model/clock.ts'
import { pause } from '../../model/pause.ts'
import type { Collection } from '../cluster/kinds.ts'
import type { KubeApi, WatchEvent } from '../cluster/kube-api.ts'
import { KubeError } from '../cluster/kube-error.ts'
import type { Page } from '../cluster/page.ts'
import type { RawObject } from '../cluster/wire.ts'
import { TokenBucket } from '../events/token-bucket.ts'

export interface SharedReadsOptions {
  readonly api: Pick<KubeApi, 'list' | 'watch'>
  readonly clock: Pick<Clock, 'elapsed'>
  readonly timers: Timers
  readonly random: Random
  /** A watch is a connection of its own, here and at the API server. */
  readonly maxWatches?: number
}

const MAX_WATCHES = 250
/** What has no watch of its own is read again after about so long. */
const POLL_MS = 60_000
const RATE = { burst: 200, perMinute: 6000 }
const FORBIDDEN = 403
/** What makes a reflector list again, in silence. */
const GONE = 410

/**
 * Reads many collections of one object each, within bounds: so many watches are open, and so many requests a minute are
 * made, however many Secrets Services name. Of those beyond, each is read again and again instead.
 */
export class SharedReads {
  readonly #options: SharedReadsOptions
  readonly #maxWatches: number
  readonly #bucket: TokenBucket
  #watches = 0
  /** The last of those who wait for their turn. */
  #last: Promise<void> = Promise.resolve()

  constructor(options: SharedReadsOptions) {
    this.#options = options
    this.#maxWatches = options.maxWatches ?? MAX_WATCHES
    this.#bucket = new TokenBucket(RATE, options.clock.elapsed())
  }

  /** As {@link KubeApi.list}, once it is its turn. */
  async list(
    kind: Collection,
    next: string,
    signal: AbortSignal,
    onItem: (object: RawObject) => void,
  ): Promise<Page> {
    await this.#turn(signal)
    return await this.#options.api.list(kind, next, signal, onItem)
  }

  /** As {@link KubeApi.watch}; without a place for it, or the right to, it ends after a while so that there is a list. */
  async watch(
    kind: Collection,
    resourceVersion: string,
    timeoutSeconds: number,
    signal: AbortSignal,
    onOpen: () => void,
    onEvent: (event: WatchEvent) => void,
  ): Promise<void> {
    if (this.#watches >= this.#maxWatches) return await this.#wait(kind, signal, onOpen)
    this.#watches++
    try {
      await this.#turn(signal)
      await this.#options.api.watch(kind, resourceVersion, timeoutSeconds, signal, onOpen, onEvent)
    } catch (error) {
      // A Role may give `list` alone; one that gives neither is told by the list.
      if (!(error instanceof KubeError) || error.status !== FORBIDDEN) throw error
      await this.#wait(kind, signal, onOpen)
    } finally {
      this.#watches--
    }
  }

  async #wait(kind: Collection, signal: AbortSignal, onOpen: () => void): Promise<void> {
    onOpen()
    const { timers, random } = this.#options
    await pause(POLL_MS * (0.75 + random() / 2), timers, signal)
    throw new KubeError(`Cannot watch ${kind.path}: it is read again instead`, GONE)
  }

  /** In line: a thousand that woke up for each turn would cost more than the requests. */
  #turn(signal: AbortSignal): Promise<void> {
    const own = this.#last.then(() => this.#take(signal))
    this.#last = own.catch(() => {})
    return own
  }

  async #take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { clock, timers } = this.#options
    for (let delayMs = this.#bucket.take(clock.elapsed()); delayMs > 0; ) {
      await pause(delayMs, timers, signal)
      signal.throwIfAborted()
      delayMs = this.#bucket.take(clock.elapsed())
    }
  }
}
