import { availableParallelism } from 'node:os'
import type { BenchArguments } from './arguments.ts'
import { startBackend } from './backend.ts'
import { commandAbsence } from './peer.ts'
import { equals, peerNames, startSubjects } from './peers.ts'
import { measureIdle } from './proxy/idle.ts'
import { runRow } from './proxy/load.ts'
import { probe } from './proxy/probe.ts'
import { rowNames, rows } from './proxy/rows.ts'
import type { BenchReport, BenchRow } from './report.ts'
import { type Load, measureRounds } from './rounds.ts'
import { Stage } from './stage.ts'

const defaultConnections = [64]

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
        const load: Load = (subject, seconds) => runRow(row, subject, connections, seconds, signal)
        report.push(...(await measureRounds(row.title, connections, subjects, load, options, signal)))
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
