import type { Timer, Timers } from '../../model/clock.ts'
import { BodyError } from './body.ts'

/** Aborts a read in which nothing has come for a while: a peer that is gone or hangs says nothing of it. */
export class Silence {
  readonly #abort = new AbortController()
  readonly #timer: Timer
  /** Aborts with the caller's signal, or after the silence. */
  readonly signal: AbortSignal

  constructor(maxMs: number, timers: Timers, caller: AbortSignal) {
    this.signal = AbortSignal.any([caller, this.#abort.signal])
    this.#timer = timers.start(maxMs, () => {
      this.#abort.abort(new BodyError('unreachable', `nothing came for ${maxMs} ms`))
    })
  }

  heard(): void {
    this.#timer.restart()
  }

  /** Why the read was given up; undefined when it was not. */
  get reason(): unknown {
    return this.#abort.signal.aborted ? this.#abort.signal.reason : undefined
  }

  end(): void {
    this.#timer.cancel()
  }
}
