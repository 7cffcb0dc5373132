import { setTimeout as sleep } from 'node:timers/promises'
import { readTreeUsage } from '../cpu.ts'

const SETTLE_MS = 3_000
const LOOK_MS = 1_000
/** Of each second. */
const QUIET_MICROS = 150_000
const MOST_LOOKS = 45

/**
 * Lets an attack go on for a while: its first rush is not what is measured. One that fills buffers is waited for until
 * the gateway has little to do.
 */
export async function settle(pid: number, fillsBuffers: boolean): Promise<void> {
  await sleep(SETTLE_MS)
  if (!fillsBuffers) return
  let before = readMicros(pid)
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    await sleep(LOOK_MS)
    const after = readMicros(pid)
    if (after - before < QUIET_MICROS) return
    before = after
  }
}

function readMicros(pid: number): number {
  const { userMicros, systemMicros } = readTreeUsage(pid)
  return userMicros + systemMicros
}
