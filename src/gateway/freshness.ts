import type { Clock } from '../model/clock.ts'
import type { Staleness } from './road.ts'

/** Wall clocks of an agent and a gateway may differ so much before a moment in the future tells nothing. */
const FUTURE_MS = 60_000

/**
 * How long ago the cluster was observed as it is held. A head tells it in the agent's wall clock; from then on it is
 * counted by a clock that never jumps, so that ours being set forward makes nothing stale, and back makes nothing fresh.
 */
export class Freshness {
  readonly #clock: Clock
  readonly #maxStaleMs: number
  /** Of the wall clock as it ran when this began: with `elapsed` it makes a second one that nobody sets. */
  readonly #startedAt: number
  #observedAt: number | undefined
  /** In elapsed time. -Infinity: nobody can tell. */
  #moment = 0

  /** @param maxStaleMs from which age on addresses of Pods are not theirs for sure; 0: never */
  constructor(clock: Clock, maxStaleMs: number) {
    this.#clock = clock
    this.#maxStaleMs = maxStaleMs
    this.#startedAt = clock.now() - clock.elapsed()
  }

  /** A head of the registry has come. One that repeats its moment tells nothing new: the agent is cut off. */
  observed(observedAt: number): void {
    if (observedAt === this.#observedAt && Number.isFinite(this.#moment)) return
    const elapsed = this.#clock.elapsed()
    const ages = [this.#clock.now() - observedAt, this.#startedAt + elapsed - observedAt]
    // Of two clocks one of which was set, the one that makes it younger: while heads come, the agent lives.
    this.#set(observedAt, Math.max(0, Math.min(...ages)))
  }

  /**
   * What an earlier process left has come.
   * @param ageMs how old it is by a clock that has run through; undefined when only the wall clock can tell
   */
  restored(observedAt: number, ageMs: number | undefined): void {
    const age = ageMs ?? this.#clock.now() - observedAt
    // The clock was set back, or has not been set yet: this may be of last week.
    this.#set(observedAt, age < -FUTURE_MS ? Number.POSITIVE_INFINITY : Math.max(0, age))
  }

  /** Undefined before anything has come; infinite when nobody can tell. */
  get ageMs(): number | undefined {
    return this.#observedAt === undefined ? undefined : this.#clock.elapsed() - this.#moment
  }

  get maxStaleMs(): number {
    return this.#maxStaleMs
  }

  /** Undefined: new enough. */
  staleness(): Staleness | undefined {
    const { ageMs } = this
    if (this.#maxStaleMs === 0 || ageMs === undefined || ageMs <= this.#maxStaleMs) return undefined
    return { observedMsAgo: ageMs, maxStaleMs: this.#maxStaleMs }
  }

  #set(observedAt: number, ageMs: number): void {
    this.#observedAt = observedAt
    this.#moment = this.#clock.elapsed() - ageMs
  }
}
