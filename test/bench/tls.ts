import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BenchArguments } from './arguments.ts'
import { startBackend } from './backend.ts'
import { fixture, loadCore } from './peer.ts'
import { securePeers, startSubjects } from './peers.ts'
import { parseLoadResult } from './proxy/load.ts'
import { chosen, requireMachine } from './proxy.ts'
import type { BenchReport, BenchRow } from './report.ts'
import { type Load, measureRounds } from './rounds.ts'
import { Stage } from './stage.ts'
import { measureMany } from './tls/many.ts'
import { type TlsRow, tlsRowNames, tlsRows } from './tls/rows.ts'
import { writeCertificate } from './tls/settings.ts'
import { measureSigned } from './tls/signed.ts'
import { runLoad } from './wrk.ts'

/** Handshakes at a time. */
const handshakeConnections = [16]
const getConnections = [64]

/** Measures TLS with clients beside nginx and HAProxy, many certificates, and what signatures cost a load. */
export async function benchTls(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  requireMachine()
  const known = securePeers.map(({ name }) => name)
  const peers = chosen('--peers', options.peers ?? known, known)
  const names = chosen('--rows', options.rows ?? tlsRowNames, tlsRowNames)
  const wanted = tlsRows.filter(({ name }) => names.includes(name))
  const report = await measureLoads(wanted, peers, options, signal)
  for (const row of wanted) {
    if (row.type === 'many') report.push(...(await measureMany(peers, options, signal)))
    if (row.type === 'signed') report.push(...(await measureSigned(row.title, options, signal)))
  }
  return { bench: 'tls', rows: report }
}

async function measureLoads(
  wanted: readonly TlsRow[],
  peers: readonly string[],
  options: BenchArguments,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const report: BenchRow[] = []
  const loads = wanted.flatMap((row) => loadsOf(row, options.connections, signal))
  if (loads.length === 0) return report
  const stage = new Stage(signal)
  try {
    await startBackend(stage)
    writeCertificate(stage.folder)
    const subjects = await startSubjects(stage, peers, securePeers)
    for (const { title, connections, load } of loads) {
      report.push(...(await measureRounds(title, connections, subjects, load, options, signal)))
    }
  } finally {
    await stage.close()
  }
  return report
}

interface TitledLoad {
  readonly title: string
  readonly connections: number
  readonly load: Load
}

function loadsOf(row: TlsRow, asked: readonly number[] | undefined, signal: AbortSignal): TitledLoad[] {
  const { title } = row
  if (row.type === 'handshake') {
    return (asked ?? handshakeConnections).map((connections) => ({
      title,
      connections,
      load: ({ port }, seconds) => shakeHands([port, row.version, row.kind, connections, seconds], signal),
    }))
  }
  if (row.type !== 'get') return []
  return (asked ?? getConnections).map((connections) => ({
    title,
    connections,
    load: ({ port, hosts }, seconds) => {
      const scriptArguments = ['GET', '/', hosts, 1, 0].map(String)
      const script = fixture('load.lua')
      const load = { core: loadCore, port, isSecure: true, connections, seconds, script, scriptArguments }
      return runLoad(load, signal)
    },
  }))
}

async function shakeHands(args: readonly (string | number)[], signal: AbortSignal) {
  const program = join(import.meta.dirname, 'tls/handshake-process.ts')
  const command = ['-c', String(loadCore), process.execPath, program, ...args.map(String)]
  const { stdout } = await promisify(execFile)('taskset', command, { signal })
  return parseLoadResult(stdout)
}
