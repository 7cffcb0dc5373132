import type { Clock } from '../../model/clock.ts'

const HOUR_MS = 3_600_000
/** Authorities count by account: Let's Encrypt allows 300 new orders in three hours. */
const MAX_PER_HOUR = 60
/** Of one namespace: a tenant whose hostnames come and go uses up its own. */
const MAX_OF_NAMESPACE = 20

/** How many orders may be made, so that no tenant's Services use up what the authority gives to all. */
export class OrderBudget {
  readonly #clock: Pick<Clock, 'elapsed'>
  #taken: { readonly at: number; readonly namespace: string }[] = []

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock
  }

  /** Takes one. @returns 0, or in how many ms there is one again */
  take(namespace: string): number {
    const now = this.#clock.elapsed()
    this.#taken = this.#taken.filter(({ at }) => now - at < HOUR_MS)
    const own = this.#taken.filter((each) => each.namespace === namespace)
    // The oldest of those that stand in the way has to grow an hour old.
    const full = [
      ...(this.#taken.length >= MAX_PER_HOUR ? this.#taken.slice(0, 1) : []),
      ...(own.length >= MAX_OF_NAMESPACE ? own.slice(0, 1) : []),
    ]
    if (full.length > 0) return Math.max(...full.map(({ at }) => at)) + HOUR_MS - now
    this.#taken.push({ at: now, namespace })
    return 0
  }
}
