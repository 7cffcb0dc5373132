import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Clock, Random } from '../model/clock.ts'
import type { RateLimit } from '../model/limits.ts'
import { left, nextTat, waitMs } from './gcra.ts'
import { KeyBook } from './key-book.ts'
import type { Account, RateExchange } from './rate-exchange.ts'
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

/** Who else counts the limits that are shared. */
export type Sharing =
  /** Nobody: this is the only gateway. */
  | 'alone'
  /** Others, of whom nothing can be known. */
  | 'apart'
  | Pick<RateExchange, 'isAway' | 'tell'>

export interface RateLimitsParts {
  readonly clock: Pick<Clock, 'elapsed'>
  readonly random: Random
  readonly sharing: Sharing
  readonly maxKeys?: number
}

/** About 10 MB when it is full. */
const MAX_KEYS = 100_000

/** Rate limits of one cluster's Services: counted in this process, and exchanged with the others where they are shared. */
export class RateLimits implements RateCounter {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #sharing: Sharing
  readonly #seed: number
  readonly #accounts: KeyBook<Account>

  constructor({ clock, random, sharing, maxKeys = MAX_KEYS }: RateLimitsParts) {
    this.#clock = clock
    this.#sharing = sharing
    this.#seed = Math.floor(random() * 0x1_0000_0000)
    this.#accounts = new KeyBook(maxKeys)
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#accounts.size
  }

  ask(service: string, limit: RateLimit, key: string): RateVerdict {
    if (limit.scope === 'shared' && limit.onError === 'closed' && this.#isApart)
      return { type: 'unavailable' }
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
    if (limit.scope === 'local' || typeof this.#sharing === 'string') return
    if (account.name === '') account.name = nameOf(key)
    this.#sharing.tell(service, limit, account)
  }

  /** What the others count is not known. */
  get #isApart(): boolean {
    return typeof this.#sharing === 'string' ? this.#sharing === 'apart' : this.#sharing.isAway
  }
}

function newAccount(): Account {
  return { tat: 0, untold: 0, name: '' }
}

/** 128 bits of SHA-256: the same in every gateway, and neither an address nor a client's secret for who reads Redis. */
function nameOf(key: string): string {
  return bytesToHex(sha256(utf8ToBytes(key))).slice(0, 32)
}
