export interface TokenBucketOptions {
  /** How many may go at once. */
  readonly burst: number
  readonly perMinute: number
}

/** Lets so many things a minute through; time is given to it. */
export class TokenBucket {
  readonly #options: TokenBucketOptions
  #tokens: number
  #at: number

  /** @param now milliseconds since an arbitrary start, as all times here */
  constructor(options: TokenBucketOptions, now: number) {
    this.#options = options
    this.#tokens = options.burst
    this.#at = now
  }

  /** @returns 0 when one may go, and is counted; else how many milliseconds until one may. */
  take(now: number): number {
    const { burst, perMinute } = this.#options
    const perMs = perMinute / 60_000
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#at) * perMs)
    this.#at = now
    if (this.#tokens < 1) return Math.max(1, Math.ceil((1 - this.#tokens) / perMs))
    this.#tokens -= 1
    return 0
  }
}
