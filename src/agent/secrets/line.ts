import type { Clock, Timers } from '../../model/clock.ts'
import { pause } from '../../model/pause.ts'
import { TokenBucket, type TokenBucketOptions } from '../events/token-bucket.ts'

/** Lets so many through a minute, each in its turn: a thousand that woke up for every turn would cost more than they do. */
export class Line {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #timers: Timers
  readonly #bucket: TokenBucket
  /** The last of those who wait. */
  #last: Promise<void> = Promise.resolve()

  constructor(rate: TokenBucketOptions, clock: Pick<Clock, 'elapsed'>, timers: Timers) {
    this.#clock = clock
    this.#timers = timers
    this.#bucket = new TokenBucket(rate, clock.elapsed())
  }

  /** Resolves when it is one's turn. Rejects when aborted. */
  turn(signal: AbortSignal): Promise<void> {
    const own = this.#last.then(() => this.#take(signal))
    this.#last = own.catch(() => {})
    return own
  }

  async #take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    for (let delayMs = this.#bucket.take(this.#clock.elapsed()); delayMs > 0; ) {
      await pause(delayMs, this.#timers, signal)
      signal.throwIfAborted()
      delayMs = this.#bucket.take(this.#clock.elapsed())
    }
  }
}
