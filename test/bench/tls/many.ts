import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as v from 'valibot'
import type { BenchArguments } from '../arguments.ts'
import { readTreeUsage } from '../cpu.ts'
import { loadCore } from '../peer.ts'
import { type BenchRow, roundTo } from '../report.ts'
import { Stage } from '../stage.ts'
import { startManyHaproxy, startManyNginx } from './many-c-proxies.ts'
import { makeCertificates } from './many-certificates.ts'
import { startManyPostern } from './many-postern.ts'

const defaultCount = 20_000
/** How many of the names are asked for, each twice: fewer and more than Postern keeps ready. */
const fewNames = 1_000
const manyNames = 10_000

/** A proxy with many certificates. */
export interface ManySubject {
  readonly port: number
  readonly pid: number
}

/** Each is stopped before the next one starts. */
const starters = new Map([
  ['postern', startManyPostern],
  ['nginx', startManyNginx],
  ['haproxy', startManyHaproxy],
])

const latencySchema = v.object({ p50Micros: v.number(), p99Micros: v.number() })
const resultSchema = v.object({ first: latencySchema, again: latencySchema })

/** What a certificate for each of many names costs: until clients are answered, in memory, and at a name's first handshake. */
export async function measureMany(
  peers: readonly string[],
  { services = defaultCount }: BenchArguments,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  process.stderr.write(`Making ${services} certificates\n`)
  const certificates = makeCertificates(services)
  for (const [subject, start] of starters) {
    if (!peers.includes(subject)) continue
    const stage = new Stage(signal)
    try {
      process.stderr.write(`${services} certificates: ${subject}\n`)
      const { startMs, started } = await start(stage, certificates)
      const startRssBytes = readTreeUsage(started.pid).rssBytes
      const { first, again } = await askNames(started.port, services, fewNames, signal)
      const fewRssBytes = readTreeUsage(started.pid).rssBytes
      await askNames(started.port, services, manyNames, signal)
      rows.push({
        case: `${services} certificates`,
        subject,
        startMs: roundTo(startMs, 0),
        startRssBytes,
        fewNamesRssBytes: fewRssBytes,
        manyNamesRssBytes: readTreeUsage(started.pid).rssBytes,
        firstP50Micros: roundTo(first.p50Micros, 0),
        firstP99Micros: roundTo(first.p99Micros, 0),
        againP50Micros: roundTo(again.p50Micros, 0),
        againP99Micros: roundTo(again.p99Micros, 0),
      })
    } finally {
      await stage.close()
    }
  }
  return rows
}

async function askNames(port: number, count: number, asked: number, signal: AbortSignal) {
  const program = join(import.meta.dirname, 'names-process.ts')
  const args = [port, count, Math.max(1, Math.floor(count / asked))].map(String)
  const command = ['-c', String(loadCore), process.execPath, program, ...args]
  const { stdout } = await promisify(execFile)('taskset', command, { signal })
  return v.parse(resultSchema, JSON.parse(stdout))
}
