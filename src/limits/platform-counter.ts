import type { Clock } from '../model/clock.ts'
import type { RateLimit } from '../model/limits.ts'
import { intervalMs } from './gcra.ts'
import type { Account } from './rate-exchange.ts'

/** Counters of a platform: each key has a sum that begins anew with each period. */
export interface Counter {
  /** Adds to a key's sum. `success`: it was below the limit before. */
  limit(options: { readonly key: string; readonly delta: number }): Promise<{ readonly success: boolean }>
}

export interface PlatformCounterParts {
  readonly counter: Counter
  /** As the counter was made: what a sum may come to in a period. */
  readonly limit: number
  readonly periodMs: number
  readonly cluster: string
  readonly clock: Pick<Clock, 'elapsed'>
  readonly onTrouble: (error: Error) => void
}

/** How long a refusal stands before one more is let in, and asked about: how stale what is known can be. */
const REFUSED_MS = 1_000
/** A counter that does not answer is left alone for so long. */
const AWAY_MS = 1_000

/**
 * Counts with a platform's counters what several isolates admit. No request waits for them: one is admitted by what is known
 * here, and counted after; what the counter says holds for those that follow. One counter serves limits of every pace:
 * each request takes as much of it as makes the limit full when its Service's allowance is.
 */
export class PlatformCounter {
  readonly #parts: PlatformCounterParts
  readonly #pending = new Set<Promise<void>>()
  #awayUntil = Number.NEGATIVE_INFINITY
  #hasTold = false

  constructor(parts: PlatformCounterParts) {
    this.#parts = parts
  }

  /** What others admit is not known. */
  get isAway(): boolean {
    return this.#parts.clock.elapsed() < this.#awayUntil
  }

  /** Counts one request of an account, soon. */
  tell(service: string, limit: RateLimit, account: Account): void {
    const counting = this.#count(service, limit, account).finally(() => this.#pending.delete(counting))
    this.#pending.add(counting)
  }

  /** What is not counted yet, for a platform that ends work with its request; undefined: nothing. */
  pending(): Promise<unknown> | undefined {
    return this.#pending.size === 0 ? undefined : Promise.all(this.#pending)
  }

  async #count(service: string, limit: RateLimit, account: Account): Promise<void> {
    const { counter, cluster, clock } = this.#parts
    try {
      const key = `${cluster}/${service}/${account.name}`
      const { success } = await counter.limit({ key, delta: this.#deltaOf(limit) })
      this.#hasTold = false
      if (success) return
      // All of the burst is taken, and so is what would come back meanwhile.
      const full = clock.elapsed() + intervalMs(limit) * (limit.burst - 1) + REFUSED_MS
      account.tat = Math.max(account.tat, full)
    } catch (cause) {
      this.#lost(cause)
    }
  }

  /** In a period a Service admits its burst, and what comes back meanwhile. Never less than that. */
  #deltaOf(limit: RateLimit): number {
    const admitted = limit.burst + this.#parts.periodMs / intervalMs(limit)
    return Math.max(1, Math.floor(this.#parts.limit / admitted))
  }

  #lost(cause: unknown): void {
    this.#awayUntil = this.#parts.clock.elapsed() + AWAY_MS
    if (this.#hasTold) return
    this.#hasTold = true
    this.#parts.onTrouble(new Error("Cannot count requests with the platform's counters", { cause }))
  }
}
