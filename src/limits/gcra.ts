/** How often something may happen: `count` in `periodMs`, evenly, and `burst` of them at once after a quiet time. */
export interface Pace {
  readonly count: number
  readonly periodMs: number
  readonly burst: number
}

/** Milliseconds that one more takes of the allowance. */
export function intervalMs({ count, periodMs }: Pace): number {
  return periodMs / count
}

/** Less than a microsecond is the rounding of a sum. */
const ROUNDING_MS = 0.001

/**
 * The generic cell rate algorithm (ITU-T I.371, Annex A, virtual scheduling): the one thing remembered is the theoretical
 * arrival time (TAT) of the next request that keeps to the pace. All in milliseconds of one clock.
 *
 * @param tat 0 when nothing is remembered
 * @returns how long one more request must wait; 0 when it conforms now
 */
export function waitMs(pace: Pace, tat: number, now: number): number {
  const earliest = Math.max(tat, now) + intervalMs(pace) * (1 - pace.burst)
  const wait = earliest - now
  return wait > ROUNDING_MS ? wait : 0
}

/** The arrival time after one more request. */
export function nextTat(pace: Pace, tat: number, now: number): number {
  return Math.max(tat, now) + intervalMs(pace)
}

/** How many requests more conform now. */
export function left(pace: Pace, tat: number, now: number): number {
  const taken = Math.max(0, tat - now) / intervalMs(pace)
  return Math.max(0, Math.floor(pace.burst - taken + ROUNDING_MS))
}
