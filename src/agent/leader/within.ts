import type { Timers } from '../../model/clock.ts'

/** Does something that ends when it is aborted, and aborts it when it takes too long. */
export async function within<T>(
  ms: number,
  timers: Timers,
  signal: AbortSignal,
  task: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const error = new Error(`no answer within ${Math.ceil(ms)} ms`)
  const timer = timers.start(ms, () => late.abort(error))
  try {
    return await task(AbortSignal.any([signal, late.signal]))
  } finally {
    timer.cancel()
  }
}
