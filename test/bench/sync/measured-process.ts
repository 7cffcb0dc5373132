import { readFileSync } from 'node:fs'
import { waitFor } from '../../cluster/wait-for.ts'
import type { PosternProcess } from '../../support/postern-process.ts'
import { readTreeUsage } from '../cpu.ts'

const preload = new URL('report-memory.ts', import.meta.url).href

/** The environment of a process whose heap is to be read: otherwise as in the image (infra/docker/Dockerfile). */
export const measuredEnv = {
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${preload}`.trim(),
  MALLOC_ARENA_MAX: '1',
}

/** What a process holds, and has held at most. */
export interface Memory {
  readonly rssBytes: number
  readonly peakRssBytes: number
  /** Alive after a collection. */
  readonly heapBytes: number
}

export async function readMemory(postern: PosternProcess): Promise<Memory> {
  const pid = pidOf(postern)
  // First: the collection gives memory back.
  const { rssBytes } = readTreeUsage(pid)
  const before = heaps(postern).length
  process.kill(pid, 'SIGUSR2')
  const said = await waitFor(
    'a process to say what its heap holds',
    () => heaps(postern),
    (all) => all.length > before,
  )
  return { rssBytes, peakRssBytes: readPeak(pid), heapBytes: said.at(-1) ?? Number.NaN }
}

export function cpuMicrosOf(pid: number): number {
  const { userMicros, systemMicros } = readTreeUsage(pid)
  return userMicros + systemMicros
}

export function pidOf({ child }: PosternProcess): number {
  if (child.pid === undefined) throw new Error(`Cannot measure ${child.spawnfile}: it did not start`)
  return child.pid
}

function heaps(postern: PosternProcess): number[] {
  return [...postern.said().matchAll(/^heap (\d+) bytes$/gm)].map((match) => Number(match[1]))
}

function readPeak(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? []
  if (kibibytes === undefined) throw new Error(`Cannot read the peak memory of process ${pid}`)
  return Number(kibibytes) * 1024
}
