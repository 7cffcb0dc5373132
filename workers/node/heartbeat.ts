import { asError } from '../../src/model/as-error.ts'
import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { pause } from '../../src/model/pause.ts'
import type { Publisher } from '../../src/registry/publisher.ts'
import { say } from './say.ts'

const HEARTBEAT_MS = 10_000
/** After a failure sooner: what could not be written is waiting. */
const RETRY_MS = 1_000

/**
 * Confirms to the registry what was published, and repairs it, until aborted.
 * @param firstMs when to begin: at once where somebody else has published before
 */
export async function beat(
  publisher: Publisher,
  observedAt: () => number | undefined,
  signal: AbortSignal,
  firstMs: number = HEARTBEAT_MS,
): Promise<void> {
  let delayMs = firstMs
  while (!signal.aborted) {
    await pause(delayMs * (0.8 + systemRandom() * 0.2), systemTimers, signal)
    delayMs = HEARTBEAT_MS
    const moment = observedAt()
    if (signal.aborted || moment === undefined) continue
    try {
      await publisher.heartbeat(moment)
    } catch (error) {
      say(asError(error))
      delayMs = RETRY_MS
    }
  }
}
