import type { Clock, Timers } from '../../src/model/clock.ts'

/** Time that stands still until a test moves it. */
export class ManualTime {
  #elapsed = 0
  readonly #waiting = new Set<{ at: number; fire: () => void }>()

  readonly clock: Clock = { now: () => 1_000_000 + this.#elapsed, elapsed: () => this.#elapsed }

  readonly timers: Timers = {
    start: (delayMs, fire) => {
      const wait = { at: this.#elapsed + delayMs, fire }
      this.#waiting.add(wait)
      return {
        restart: () => void this.#waiting.add(Object.assign(wait, { at: this.#elapsed + delayMs })),
        cancel: () => void this.#waiting.delete(wait),
      }
    },
  }

  pass(ms: number): void {
    this.#elapsed += ms
    for (const wait of [...this.#waiting]) {
      if (wait.at > this.#elapsed || !this.#waiting.delete(wait)) continue
      wait.fire()
    }
  }
}
