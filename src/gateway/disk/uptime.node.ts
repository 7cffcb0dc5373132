import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** A moment by the machine's own count: it outlives a process, and setting the clock does not change it. */
export interface Uptime {
  /** Names this run of the machine; '' where that cannot be told. */
  readonly boot: string
  readonly uptimeMs: number
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id'

export function machineUptime(): Uptime {
  return { boot: bootId(), uptimeMs: uptime() * 1000 }
}

function bootId(): string {
  try {
    return readFileSync(BOOT_ID, 'utf8').trim()
  } catch {
    return ''
  }
}
