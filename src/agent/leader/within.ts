import type { Timers } from '../../model/clock.ts'

/** Does something that ends when it is aborted, and aborts it when it takes too long. */
export async function within<T>(
  ms: number,
  timers: Timers,
  signal: AbortSignal,
  task: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  // Without the time, which differs: what is said again and again must be the same to be said once.
  const timer = timers.start(ms, () => late.abort(new Error('there is no answer in time')))
  try {
    return await task(AbortSignal.any([signal, late.signal]))
  } finally {
    timer.cancel()
  }
}
