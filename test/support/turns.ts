import type { Timers } from '../../src/model/clock.ts'

/** Who goes next is not up to those who wait: a driver lets them go on, one at a time, in an order of its own. */
export class Turns {
  readonly #waiting: (() => void)[] = []

  get count(): number {
    return this.#waiting.length
  }

  /** Resolves when the driver has chosen this one. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Lets one of those who wait go on, until all wait again. */
  async take(choice: number): Promise<void> {
    const [chosen] = this.#waiting.splice(choice % Math.max(1, this.#waiting.length), 1)
    chosen?.()
    // Long enough for every promise that hangs on it.
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Time passes for each timer when its turn comes. */
  readonly timers: Timers = {
    start: (_delayMs, fire) => {
      let isCancelled = false
      void this.turn().then(() => {
        if (!isCancelled) fire()
      })
      return {
        restart: () => {},
        cancel: () => {
          isCancelled = true
        },
      }
    },
  }
}
