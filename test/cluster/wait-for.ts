import { setTimeout as pause } from 'node:timers/promises'

export interface WaitOptions {
  readonly timeoutMs?: number
  readonly everyMs?: number
}

/**
 * Reads until what was read holds, and gives that. A read that throws is read again. Past the deadline it fails with
 * what was awaited and the last that was read.
 */
export async function waitFor<State>(
  what: string,
  read: () => State | Promise<State>,
  holds: (state: State) => boolean,
  { timeoutMs = 20_000, everyMs = 25 }: WaitOptions = {},
): Promise<State> {
  const deadline = performance.now() + timeoutMs
  let last = 'nothing'
  do {
    try {
      const state = await read()
      if (holds(state)) return state
      last = JSON.stringify(state) ?? 'undefined'
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    await pause(everyMs)
  } while (performance.now() < deadline)
  throw new Error(`Waited ${timeoutMs} ms for ${what}; last: ${last.slice(0, 4_000)}`)
}
