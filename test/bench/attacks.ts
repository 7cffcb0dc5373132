import { join } from 'node:path'
import type { BenchArguments } from './arguments.ts'
import { type AttackSample, attackRows } from './attacks/rows.ts'
import { settle } from './attacks/settle.ts'
import { startBackend } from './backend.ts'
import { readTreeUsage } from './cpu.ts'
import { loadCore, type Subject } from './peer.ts'
import { peerNames, startSubjects } from './peers.ts'
import { runRow } from './proxy/load.ts'
import { probe } from './proxy/probe.ts'
import { rows } from './proxy/rows.ts'
import { chosen, requireMachine } from './proxy.ts'
import { type BenchReport, renderTable } from './report.ts'
import { Stage, saysReady } from './stage.ts'

const QUIET = 'none'
const titles = new Map([
  [QUIET, 'nobody attacks'],
  ['slow-heads', '1,000 clients drip a head'],
  ['slow-bodies', '1,000 clients drip a body'],
  ['slow-pod', '20 clients upload to a Pod that reads slowly'],
  ['idle', '10,000 connections idle'],
  ['unread', '500 clients never read 256 MiB'],
])
/** So few that what they wait for is the gateway, and not each other. */
const defaultConnections = [8]

/** Measures what a well-behaved client gets while others attack, beside what it gets when nobody does. */
export async function benchAttacks(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  requireMachine()
  const names = chosen('--peers', options.peers ?? ['postern'], peerNames)
  const wanted = chosen('--rows', options.rows ?? [...titles.keys()], [...titles.keys()])
  const attacks = [QUIET, ...wanted.filter((name) => name !== QUIET)]
  const stage = new Stage(signal)
  try {
    await startBackend(stage)
    const samples: AttackSample[] = []
    for (const subject of await startSubjects(stage, names)) {
      await probe(subject)
      for (const connections of options.connections ?? defaultConnections) {
        await serve(subject, connections, options.seconds, signal)
        for (let round = 1; round <= options.rounds; round++) {
          process.stderr.write(`${subject.name}, ${connections} connections: round ${round}\n`)
          for (const attack of attacks) {
            const title = titles.get(attack) ?? attack
            const measured = await underAttack(stage, attack, subject, () =>
              serve(subject, connections, options.seconds, signal),
            )
            samples.push({ title, subject: subject.name, connections, round, ...measured })
          }
        }
      }
      // What comes after may fail: these stand.
      const rows = attackRows(samples, titles.get(QUIET) ?? QUIET)
      process.stderr.write(`${renderTable({ bench: subject.name, rows })}\n`)
    }
    return { bench: 'attacks', rows: attackRows(samples, titles.get(QUIET) ?? QUIET) }
  } finally {
    await stage.close()
  }
}

async function serve(subject: Subject, connections: number, seconds: number, signal: AbortSignal) {
  const row = rows.find(({ name }) => name === 'get')
  if (row === undefined || row.type === 'idle')
    throw new Error('Cannot measure: there is no row of small GETs')
  return await runRow(row, subject, connections, seconds, signal).catch((cause: unknown) => {
    signal.throwIfAborted()
    // Under attack that is a finding: whoever gets nothing waits for ever.
    process.stderr.write(`${subject.name}: ${cause instanceof Error ? cause.message : String(cause)}\n`)
    const forEver = Number.POSITIVE_INFINITY
    return { requestsPerSecond: 0, p50Micros: forEver, p99Micros: forEver }
  })
}

/** Measures while an attack goes on, and the gateway's memory at the end of it. */
async function underAttack<Measured>(
  stage: Stage,
  attack: string,
  { port, pid }: Subject,
  measure: () => Promise<Measured>,
): Promise<Measured & { readonly rssBytes: number }> {
  const program = join(import.meta.dirname, 'attacks/attack-process.ts')
  // Whoever behaves well shares a core with it, and must not wait for that.
  const command = ['nice', '-n', '19', process.execPath, program, attack, String(port)]
  const attacker = attack === QUIET ? undefined : await stage.start(attack, loadCore, command, saysReady)
  if (attacker !== undefined) await settle(pid, attack === 'unread')
  const measured = await measure()
  const { rssBytes } = readTreeUsage(pid)
  if (attacker !== undefined) await stage.stop(attacker)
  return { ...measured, rssBytes }
}
