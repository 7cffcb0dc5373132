import type { Timers } from '../../../src/model/clock.ts'
import { pause } from '../../../src/model/pause.ts'

/** Structurally a worker. */
export interface Watched {
  readonly pid: number | undefined
  readonly ended: Promise<unknown>
  ask(path: string): Promise<unknown>
  kill(): void
}

const ASK_EVERY_MS = 5_000
const MAX_MISSED = 4

/** Kills a worker that answers nothing any more: nobody else would notice it, but for the clients who wait there. */
export async function watchOver(
  worker: Watched,
  timers: Timers,
  onTrouble: (error: Error) => void,
): Promise<void> {
  const end = new AbortController()
  void worker.ended.then(() => end.abort())
  for (let missed = 0; missed < MAX_MISSED; ) {
    await pause(ASK_EVERY_MS, timers, end.signal)
    if (end.signal.aborted) return
    const isAnswered = await worker.ask('/healthz').then(
      () => true,
      () => false,
    )
    missed = isAnswered ? 0 : missed + 1
  }
  onTrouble(new Error(`Process ${worker.pid} has answered none of ${MAX_MISSED} questions: it is killed`))
  worker.kill()
}
