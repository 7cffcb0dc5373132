/** Time as a parameter: tests move it, and `explain` freezes it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump; for timestamps only. */
  now(): number
  /** Milliseconds since an arbitrary start. Never goes back; for durations. */
  elapsed(): number
}

export interface Timer {
  /** Starts the full delay again, also when it has fired. */
  restart(): void
  cancel(): void
}

export interface Timers {
  /** Calls `fire` once after `delayMs` (at most 2^31 - 1). */
  start(delayMs: number, fire: () => void): Timer
}

/** A number in [0, 1). */
export type Random = () => number
