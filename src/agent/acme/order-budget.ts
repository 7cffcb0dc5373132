import type { Clock } from '../../model/clock.ts'

const HOUR_MS = 3_600_000
/** Authorities count by account: Let's Encrypt allows 300 new orders in three hours. */
const MAX_PER_HOUR = 60

/** How many orders may be made, so that no tenant's Services use up what the authority gives to all. */
export class OrderBudget {
  readonly #clock: Pick<Clock, 'elapsed'>
  #taken: number[] = []

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock
  }

  /** Takes one. @returns 0, or in how many ms there is one again */
  take(): number {
    const now = this.#clock.elapsed()
    this.#taken = this.#taken.filter((at) => now - at < HOUR_MS)
    const [oldest] = this.#taken
    if (oldest !== undefined && this.#taken.length >= MAX_PER_HOUR) return HOUR_MS - (now - oldest)
    this.#taken.push(now)
    return 0
  }
}
