import type { Timer, Timers } from '../../src/model/clock.ts'

/** Timers that run when a test says so. */
export class ManualTimers implements Timers {
  #now = 0
  readonly #running = new Set<{ due: number; readonly fire: () => void }>()

  get running(): number {
    return this.#running.size
  }

  start(delayMs: number, fire: () => void): Timer {
    const timer = { due: this.#now + delayMs, fire }
    this.#running.add(timer)
    return {
      restart: () => {
        timer.due = this.#now + delayMs
        this.#running.add(timer)
      },
      cancel: () => void this.#running.delete(timer),
    }
  }

  /** Lets that much time pass, and fires what is due on the way, in order. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = [...this.#running].sort((a, b) => a.due - b.due)
      if (next === undefined || next.due > end) break
      this.#now = next.due
      this.#running.delete(next)
      next.fire()
    }
    this.#now = end
  }
}
