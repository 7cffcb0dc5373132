export interface TokenBucketOptions {
  /** How many may go at once. */
  readonly burst: number
  readonly perMinute: number
}

/** What one token costs. Each millisecond brings `perMinute` of it: whole numbers, so that no token is a rounding short. */
const TOKEN = 60_000

/** Lets so many things a minute through; time is given to it. */
export class TokenBucket {
  readonly #options: TokenBucketOptions
  #credit: number
  #at: number

  /** @param now milliseconds since an arbitrary start, as all times here */
  constructor(options: TokenBucketOptions, now: number) {
    this.#options = options
    this.#credit = options.burst * TOKEN
    this.#at = now
  }

  /** @returns 0 when one may go, and is counted; else how many milliseconds until one may. */
  take(now: number): number {
    const { burst, perMinute } = this.#options
    this.#credit = Math.min(burst * TOKEN, this.#credit + (now - this.#at) * perMinute)
    this.#at = now
    if (this.#credit < TOKEN) return Math.ceil((TOKEN - this.#credit) / perMinute)
    this.#credit -= TOKEN
    return 0
  }
}
