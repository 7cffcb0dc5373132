import type { Timer, Timers } from '../model/clock.ts'

/** Something that is over when its time is. */
export interface Watched {
  /** A moment of {@link Deadlines.after}, or {@link NEVER}. */
  deadline: number
  onDeadline(): void
}

export const NEVER = Number.POSITIVE_INFINITY

/**
 * Deadlines of many connections on one timer: to move one costs an assignment, and no clock is read. They are kept to
 * within two ticks, never early.
 */
export class Deadlines {
  readonly #timers: Timers
  readonly #tickMs: number
  readonly #watched = new Set<Watched>()
  #timer: Timer | undefined
  #now = 0

  constructor(timers: Timers, tickMs: number) {
    this.#timers = timers
    this.#tickMs = tickMs
  }

  /** The moment that many milliseconds from now; never when 0. */
  after(delayMs: number): number {
    return delayMs === 0 ? NEVER : this.#now + Math.ceil(delayMs / this.#tickMs) + 1
  }

  add(watched: Watched): void {
    this.#watched.add(watched)
    this.#timer ??= this.#timers.start(this.#tickMs, () => this.#tick())
  }

  /** The timer runs only while something is watched: it would keep the process alive. */
  delete(watched: Watched): void {
    this.#watched.delete(watched)
    if (this.#watched.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #tick(): void {
    this.#now++
    this.#timer?.restart()
    for (const watched of this.#watched) {
      if (watched.deadline > this.#now) continue
      watched.deadline = NEVER
      watched.onDeadline()
    }
  }
}
