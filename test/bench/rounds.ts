import type { BenchArguments } from './arguments.ts'
import { readTreeUsage } from './cpu.ts'
import type { Subject } from './peer.ts'
import { type Sample, summarize } from './proxyrows.ts'
import { type BenchRow, renderTable } from './report.ts'
import type { LoadResult } from './wrk.ts'

const maxWarmUpSeconds = 3

/** Loads a subject for some seconds; rejects where anything failed. */
export type Load = (subject: Subject, seconds: number) => Promise<LoadResult>

/** One case, all subjects after each other in every round: what slows one down for a while slows them all. */
export async function measureRounds(
  title: string,
  connections: number,
  subjects: readonly Subject[],
  load: Load,
  { rounds, seconds }: BenchArguments,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const samples: Sample[] = []
  const measure = async (subject: Subject, length: number, round: number): Promise<Sample> => {
    const figures = await measureOne(subject, () => load(subject, length)).catch((cause: unknown) => {
      signal.throwIfAborted()
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`Cannot measure ${subject.name}, ${title}, ${connections} connections: ${message}`, {
        cause,
      })
    })
    return { case: title, connections, subject: subject.name, round, ...figures }
  }
  for (const subject of subjects) await measure(subject, Math.min(maxWarmUpSeconds, seconds), 0)
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${title}, ${connections} connections: round ${round} of ${rounds}\n`)
    for (const subject of subjects) samples.push(await measure(subject, seconds, round))
  }
  const rows = summarize(samples)
  // What comes after may fail: these stand.
  process.stderr.write(`${renderTable({ bench: title, rows })}\n`)
  return rows
}

async function measureOne({ pid }: Subject, load: () => Promise<LoadResult>) {
  const before = readTreeUsage(pid)
  const result = await load()
  const after = readTreeUsage(pid)
  const userMicrosPerRequest = (after.userMicros - before.userMicros) / result.requests
  const systemMicrosPerRequest = (after.systemMicros - before.systemMicros) / result.requests
  return {
    cpuMicrosPerRequest: userMicrosPerRequest + systemMicrosPerRequest,
    userMicrosPerRequest,
    systemMicrosPerRequest,
    requestsPerSecond: result.requestsPerSecond,
    p50Micros: result.p50Micros,
    p99Micros: result.p99Micros,
    rssBytes: after.rssBytes,
  }
}
