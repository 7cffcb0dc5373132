import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const RETRY_MS = 1_000

/**
 * Runs the work while no other process does, by a file that names the process at work. A process that died leaves its
 * file behind, and the next takes it away. Two that do so in the same instant may both work: then the work is done
 * twice, so it must bear that.
 */
export async function withLock<Result>(
  file: string,
  onWait: (pid: number) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const own = `${file}.${randomUUID()}`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(own, String(process.pid))
  let toldOf: number | undefined
  while (!succeeds(() => linkSync(own, file))) {
    const holder = holderOf(file)
    if (holder !== undefined && !isAlive(holder)) {
      if (succeeds(() => renameSync(file, `${own}.stale`))) continue
    } else if (holder !== undefined && toldOf !== holder) {
      onWait(holder)
      toldOf = holder
    }
    await pause(RETRY_MS)
  }
  try {
    return await work()
  } finally {
    for (const name of [file, own, `${own}.stale`]) rmSync(name, { force: true })
  }
}

function succeeds(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}

function holderOf(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    // Given up meanwhile.
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
