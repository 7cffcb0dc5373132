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
