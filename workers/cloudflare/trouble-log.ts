import type { Clock } from '../../src/model/clock.ts'

/** How many lines a window may have: what fails for one request fails for a thousand. */
const WINDOW_MS = 10_000
const MAX_LINES = 20

/** Says what went wrong, in the Worker's own log. */
export function createTroubleLog(
  clock: Pick<Clock, 'now'>,
  print: (line: string) => void,
): (error: Error) => void {
  let since = 0
  let lines = 0
  return (error) => {
    const now = clock.now()
    if (now - since > WINDOW_MS) {
      since = now
      lines = 0
    }
    lines += 1
    if (lines <= MAX_LINES) print(`postern: ${error.message}${causeOf(error)}`)
    if (lines === MAX_LINES) print(`postern: more of this is not said for ${WINDOW_MS / 1000} s`)
  }
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? `: ${cause.message}` : ''
}
