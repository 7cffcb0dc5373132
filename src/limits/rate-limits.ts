import type { Clock, Random } from '../model/clock.ts'
import type { RateLimit } from '../model/limits.ts'
import { left, nextTat, waitMs } from './gcra.ts'
import { KeyBook } from './key-book.ts'
import { hashKey } from './rate-key.ts'

/** What a rate limit says of one more request. */
export type RateVerdict =
  | { readonly type: 'admitted' /** Besides this one. */; readonly left: number }
  | { readonly type: 'exceeded'; readonly waitMs: number }
  /** Nobody can tell what others have counted, and the limit is to hold all the same. */
  | { readonly type: 'unavailable' }

/** What the road reads. */
export interface RateReader {
  /** @param key as rateKeyOf makes it. Nothing is counted. */
  ask(service: string, limit: RateLimit, key: string): RateVerdict
}

/** What carries plans out counts with. */
export interface RateCounter extends RateReader {
  /** Counts one request. */
  take(service: string, limit: RateLimit, key: string): void
}

/** Of nobody who counts: no limit can be kept. */
export const nobodyCounts: RateCounter = { ask: () => ({ type: 'unavailable' }), take: () => {} }

export interface RateLimitsParts {
  readonly clock: Pick<Clock, 'elapsed'>
  readonly random: Random
  readonly maxKeys?: number
}

/** About 10 MB when it is full. */
const MAX_KEYS = 100_000

/** What one key has used of its allowance. */
interface Account {
  /** By the clock of this process. */
  tat: number
}

/** Rate limits of one cluster's Services, counted in this process. */
export class RateLimits implements RateCounter {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #seed: number
  readonly #accounts: KeyBook<Account>

  constructor({ clock, random, maxKeys = MAX_KEYS }: RateLimitsParts) {
    this.#clock = clock
    this.#seed = Math.floor(random() * 0x1_0000_0000)
    this.#accounts = new KeyBook(maxKeys)
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#accounts.size
  }

  ask(service: string, limit: RateLimit, key: string): RateVerdict {
    const now = this.#clock.elapsed()
    const tat = this.#accounts.peek(service, hashKey(key, this.#seed))?.tat ?? 0
    const wait = waitMs(limit, tat, now)
    return wait > 0
      ? { type: 'exceeded', waitMs: wait }
      : { type: 'admitted', left: left(limit, tat, now) - 1 }
  }

  take(service: string, limit: RateLimit, key: string): void {
    const account = this.#accounts.use(service, hashKey(key, this.#seed), newAccount)
    account.tat = nextTat(limit, account.tat, this.#clock.elapsed())
  }
}

function newAccount(): Account {
  return { tat: 0 }
}
