import type { Clock, Timer, Timers } from '../model/clock.ts'
import type { RateLimit } from '../model/limits.ts'
import { intervalMs } from './gcra.ts'
import type { RateStore } from './rate-store.ts'

/** What one key has used of its allowance. */
export interface Account {
  /** Theoretical arrival time, by the clock of this process. */
  tat: number
  /** Taken here, and not told to the store yet. */
  untold: number
  /** What the store calls it; '' while nobody needs that. */
  name: string
}

export interface RateExchangeParts {
  readonly store: RateStore
  readonly clock: Pick<Clock, 'elapsed'>
  readonly timers: Timers
  readonly onTrouble: (error: Error) => void
}

/** How long gateways know nothing of what the others admit, at the least. */
const EXCHANGE_MS = 25
/** How often the store is asked whether it is there, when there is nothing to tell it. */
const PROBE_MS = 1_000
/** Of one service at once: a script of that size takes Redis well under a millisecond. */
const MAX_KEYS = 200

interface Waiting {
  readonly limit: RateLimit
  readonly accounts: Set<Account>
}

interface Batch {
  readonly service: string
  readonly limit: RateLimit
  readonly accounts: readonly Account[]
}

/**
 * Tells a store what was admitted here, and hears what was admitted everywhere. Requests never wait for it: between two
 * exchanges each gateway goes by what it knows. What all of them admit too much is owed, and comes off what follows.
 */
export class RateExchange {
  readonly #parts: RateExchangeParts
  readonly #waiting = new Map<string, Waiting>()
  #timer: Timer | undefined
  #isRunning = false
  /** The next exchange is no mere probe. */
  #isSoon = false
  #lastAt = Number.NEGATIVE_INFINITY
  #isStopped = false
  /** Until it has answered once nobody knows. */
  #isAway = true
  #hasTold = false

  constructor(parts: RateExchangeParts) {
    this.#parts = parts
    this.#next(0)
  }

  /** The store does not answer: what the other gateways admit is not known. */
  get isAway(): boolean {
    return this.#isAway
  }

  /** Has the store told of an account, soon. */
  tell(service: string, limit: RateLimit, account: Account): void {
    // What is admitted meanwhile is never held against anybody.
    if (this.#isAway) return
    account.untold += 1
    const accounts = this.#waiting.get(service)?.accounts ?? new Set()
    // By the newest pace, where the Service has been given another.
    this.#waiting.set(service, { limit, accounts: accounts.add(account) })
    if (this.#isRunning || this.#isSoon) return
    this.#isSoon = true
    this.#next(Math.max(0, this.#lastAt + EXCHANGE_MS - this.#parts.clock.elapsed()))
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #next(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#isStopped) return
    this.#timer = this.#parts.timers.start(delayMs, () => void this.#exchange())
  }

  async #exchange(): Promise<void> {
    this.#isRunning = true
    this.#isSoon = false
    const batches = this.#takeBatches()
    try {
      if (batches.length === 0) await this.#parts.store.ping()
      else await Promise.all(batches.map((batch) => this.#add(batch)))
      this.#isAway = false
      this.#hasTold = false
    } catch (cause) {
      this.#lost(cause)
    }
    this.#isRunning = false
    this.#lastAt = this.#parts.clock.elapsed()
    this.#isSoon = this.#waiting.size > 0
    this.#next(this.#isSoon ? EXCHANGE_MS : PROBE_MS)
  }

  async #add({ service, limit, accounts }: Batch): Promise<void> {
    const taken = accounts.map(({ name, untold }) => ({ key: name, count: untold }))
    for (const account of accounts) account.untold = 0
    const ahead = await this.#parts.store.add(service, intervalMs(limit), taken)
    const now = this.#parts.clock.elapsed()
    for (const [index, account] of accounts.entries()) {
      const ms = ahead[index]
      // Besides, what has been taken here since.
      if (ms !== undefined) account.tat = now + ms + account.untold * intervalMs(limit)
    }
  }

  #takeBatches(): Batch[] {
    const batches: Batch[] = []
    for (const [service, { limit, accounts }] of this.#waiting) {
      const some: Account[] = []
      for (const account of accounts) {
        if (some.length === MAX_KEYS) break
        some.push(account)
        accounts.delete(account)
      }
      if (accounts.size === 0) this.#waiting.delete(service)
      batches.push({ service, limit, accounts: some })
    }
    return batches
  }

  #lost(cause: unknown): void {
    this.#isAway = true
    for (const { accounts } of this.#waiting.values()) for (const account of accounts) account.untold = 0
    this.#waiting.clear()
    // Once for each time that it goes away.
    if (this.#hasTold || this.#isStopped) return
    this.#hasTold = true
    this.#parts.onTrouble(new Error('Cannot share rate limits with other gateways', { cause }))
  }
}
