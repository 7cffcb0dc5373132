import type { Clock, Timer, Timers } from '../../src/model/clock.ts'

interface Alarm {
  at: number
  readonly fire: () => void
}

/** A clock that moves only when it is told to, and timers by it. */
export class VirtualTime {
  readonly clock: Clock = { now: () => this.#epoch + this.#elapsed, elapsed: () => this.#elapsed }
  readonly timers: Timers = { start: (delayMs, fire) => this.#start(delayMs, fire) }
  readonly #alarms = new Set<Alarm>()
  #elapsed = 0
  #epoch = 1_700_000_000_000

  /** Sets the clock on the wall; what has elapsed stays. */
  jump(ms: number): void {
    this.#epoch += ms
  }

  /** Time goes on, but nothing runs: as in a process that is stopped. */
  sleep(ms: number): void {
    this.#elapsed += ms
  }

  /** Time goes on, timers fire at theirs, and what they set off runs as far as it can. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms
    await settled()
    while (true) {
      const [next] = [...this.#alarms].sort((a, b) => a.at - b.at)
      if (next === undefined || next.at > until) break
      this.#elapsed = Math.max(this.#elapsed, next.at)
      this.#alarms.delete(next)
      next.fire()
      await settled()
    }
    this.#elapsed = until
  }

  #start(delayMs: number, fire: () => void): Timer {
    const alarm = { at: this.#elapsed + delayMs, fire }
    this.#alarms.add(alarm)
    return {
      restart: () => {
        alarm.at = this.#elapsed + delayMs
        this.#alarms.add(alarm)
      },
      cancel: () => void this.#alarms.delete(alarm),
    }
  }
}

/** What is ready to run has run. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}
