import type { Timer, Timers } from '../model/clock.ts'

/** Something that is over when its time is. */
export interface Watched {
  /** A moment of {@link Deadlines.after}, or {@link NEVER}. */
  deadline: number
  /** Where {@link Deadlines} keeps it, for their use alone: {@link UNWATCHED} until they do. */
  watchPlace: number
  onDeadline(): void
}

export const NEVER = Number.POSITIVE_INFINITY
export const UNWATCHED = -1

/**
 * Deadlines of many connections on one timer: to move one costs an assignment, and no clock is read. They are kept to
 * within two ticks, never early.
 */
export class Deadlines {
  readonly #timers: Timers
  readonly #tickMs: number
  /**
   * Not a Set: for what comes and goes a Set makes new tables, each known by the one before it. Those that have grown old
   * would keep the young, and with them requests that are long over, from the small collections.
   */
  readonly #watched: Watched[] = []
  #timer: Timer | undefined
  #now = 0

  constructor(timers: Timers, tickMs: number) {
    this.#timers = timers
    this.#tickMs = tickMs
  }

  /** The present. Moments, and the time between them, are counted in ticks. */
  get now(): number {
    return this.#now
  }

  /** A length of time, in ticks and parts of them. */
  ticks(ms: number): number {
    return ms / this.#tickMs
  }

  /** The moment that many milliseconds from now; never when 0. */
  after(delayMs: number): number {
    return delayMs === 0 ? NEVER : this.#now + Math.ceil(delayMs / this.#tickMs) + 1
  }

  add(watched: Watched): void {
    if (watched.watchPlace !== UNWATCHED) return
    watched.watchPlace = this.#watched.push(watched) - 1
    this.#timer ??= this.#timers.start(this.#tickMs, () => this.#tick())
  }

  /** The timer runs only while something is watched: it would keep the process alive. */
  delete(watched: Watched): void {
    const place = watched.watchPlace
    if (place === UNWATCHED) return
    watched.watchPlace = UNWATCHED
    const last = this.#watched.pop()
    if (last !== undefined && last !== watched) {
      this.#watched[place] = last
      last.watchPlace = place
    }
    if (this.#watched.length > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #tick(): void {
    this.#now++
    this.#timer?.restart()
    // First found, then told: whoever is told may end others, and they leave gaps.
    for (const watched of this.#watched.filter(({ deadline }) => deadline <= this.#now)) {
      if (watched.watchPlace === UNWATCHED || watched.deadline > this.#now) continue
      watched.deadline = NEVER
      watched.onDeadline()
    }
  }
}
