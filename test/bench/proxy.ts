import { availableParallelism } from 'node:os'
import type { BenchArguments } from './arguments.ts'
import { startBackend } from './backend.ts'
import { readTreeUsage } from './cpu.ts'
import { commandAbsence, type Subject } from './peer.ts'
import { equals, peerNames, startSubjects } from './peers.ts'
import { measureIdle } from './proxy/idle.ts'
import { runRow } from './proxy/load.ts'
import { probe } from './proxy/probe.ts'
import { type LoadRow, rowNames, rows } from './proxy/rows.ts'
import { type Sample, summarize } from './proxyrows.ts'
import type { BenchReport, BenchRow } from './report.ts'
import { Stage } from './stage.ts'

const defaultConnections = [64]
const maxWarmUpSeconds = 3

/** Measures Postern beside other proxies at equal work, in interleaved rounds; figures are medians. */
export async function benchProxy(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  requireMachine()
  const names = chosen('--peers', options.peers ?? equals, peerNames)
  const wanted = chosen('--rows', options.rows ?? rowNames, rowNames)
  const stage = new Stage(signal)
  try {
    await startBackend(stage)
    const subjects = await startSubjects(stage, names)
    for (const subject of subjects) await probe(subject)
    const report: BenchRow[] = []
    for (const row of rows.filter(({ name }) => wanted.includes(name))) {
      if (row.type === 'idle') {
        for (const subject of subjects) report.push(await measureIdle(row.title, subject, signal))
        continue
      }
      for (const connections of options.connections ?? defaultConnections) {
        report.push(...(await measureRow(row, connections, subjects, options, signal)))
      }
    }
    return { bench: 'proxy', rows: report }
  } finally {
    await stage.close()
  }
}

export function requireMachine(): void {
  if (availableParallelism() < 2) throw new Error('Cannot run the bench: it needs two cores')
  const needs = [commandAbsence('taskset', '-V'), commandAbsence('nginx', '-v'), commandAbsence('wrk', '-v')]
  const absent = needs.filter((absence) => absence !== undefined)
  if (absent.length > 0)
    throw new Error(`Cannot run the bench without taskset, nginx and wrk: ${absent.join('; ')}`)
}

/** The names that were asked for, all of which must be known. */
export function chosen(flag: string, names: readonly string[], known: readonly string[]): readonly string[] {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return names
  throw new Error(`Cannot read ${flag}: ${JSON.stringify(unknown)} is none of ${known.join(', ')}`)
}

async function measureRow(
  row: LoadRow,
  connections: number,
  subjects: readonly Subject[],
  { rounds, seconds }: BenchArguments,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const samples: Sample[] = []
  const warmUp = Math.min(maxWarmUpSeconds, seconds)
  for (const subject of subjects) await measure(row, connections, subject, warmUp, 0, signal)
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${row.title}, ${connections} connections: round ${round} of ${rounds}\n`)
    for (const subject of subjects) {
      samples.push(await measure(row, connections, subject, seconds, round, signal))
    }
  }
  return summarize(samples)
}

async function measure(
  row: LoadRow,
  connections: number,
  subject: Subject,
  seconds: number,
  round: number,
  signal: AbortSignal,
): Promise<Sample> {
  const before = readTreeUsage(subject.pid)
  const result = await runRow(row, subject, connections, seconds, signal).catch((cause: unknown) => {
    signal.throwIfAborted()
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Cannot measure ${subject.name}, ${row.title}, ${connections} connections: ${message}`, {
      cause,
    })
  })
  const after = readTreeUsage(subject.pid)
  const userMicrosPerRequest = (after.userMicros - before.userMicros) / result.requests
  const systemMicrosPerRequest = (after.systemMicros - before.systemMicros) / result.requests
  return {
    case: row.title,
    connections,
    subject: subject.name,
    round,
    cpuMicrosPerRequest: userMicrosPerRequest + systemMicrosPerRequest,
    userMicrosPerRequest,
    systemMicrosPerRequest,
    requestsPerSecond: result.requestsPerSecond,
    p50Micros: result.p50Micros,
    p99Micros: result.p99Micros,
    rssBytes: after.rssBytes,
  }
}
