import type { Timers } from './clock.ts'

/** Waits, or ends at once when aborted. */
export function pause(delayMs: number, timers: Timers, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = timers.start(delayMs, end)
    signal.addEventListener('abort', end)
  })
}

/** Pauses that somebody may cut short. */
export class Alarm {
  readonly #timers: Timers
  #isRung = false
  #end: AbortController | undefined

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** Ends the pause; while there is none, the next one. */
  ring(): void {
    this.#isRung = true
    this.#end?.abort()
  }

  async pause(delayMs: number, signal: AbortSignal): Promise<void> {
    this.#end = new AbortController()
    if (!this.#isRung) await pause(delayMs, this.#timers, AbortSignal.any([signal, this.#end.signal]))
    this.#isRung = false
    this.#end = undefined
  }
}
