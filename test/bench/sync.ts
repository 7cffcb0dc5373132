import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import * as v from 'valibot'
import { inNamespace } from '../../infra/dev/netns.ts'
import type { BenchArguments } from './arguments.ts'
import { commandAbsence } from './peer.ts'
import type { BenchReport, BenchRow } from './report.ts'
import { measureSync } from './sync/measure.ts'

const sizes = [1_000, 10_000]
/** Set inside a network namespace in which the addresses of Pods are local. */
const inside = 'POSTERN_TEST_NETNS'

const reportSchema = v.object({
  bench: v.string(),
  rows: v.array(
    v.objectWithRest(
      { case: v.string(), subject: v.string() },
      v.nullable(v.union([v.string(), v.number()])),
    ),
  ),
})

/**
 * Measures how a cluster is followed: a real agent on a watch feed, a real Redis and a real gateway, from start to the
 * first table, and from an endpoint's event to the first request that it answers.
 */
export async function benchSync(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  const absent = [commandAbsence('redis-server', '-v'), commandAbsence('redis-cli', '-v')]
  const absence = absent.find((why) => why !== undefined)
  if (absence !== undefined) throw new Error(`Cannot run the bench without Redis: ${absence}`)
  if (process.env[inside] !== '1') return await runInside(options, signal)
  const rows: BenchRow[] = []
  for (const services of options.services === undefined ? sizes : [options.services]) {
    rows.push(...(await measureSync(services, options, signal)))
  }
  return { bench: 'sync', rows }
}

/** The same again, where servers can listen on the addresses of Pods. */
async function runInside(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  const flags = ['--json', '--seconds', `${options.seconds}`, '--rounds', `${options.rounds}`]
  if (options.services !== undefined) flags.push('--services', `${options.services}`)
  if (options.endpoints !== undefined) flags.push('--endpoints', `${options.endpoints}`)
  const main = join(import.meta.dirname, 'bench.ts')
  const { command, isIsolated } = inNamespace([process.execPath, main, 'sync', ...flags])
  const [program, ...args] = command
  if (!isIsolated || program === undefined) {
    throw new Error('Cannot run the bench: it needs a network namespace of its own (unshare -n)')
  }
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [inside]: '1' },
    signal,
    killSignal: 'SIGTERM',
  })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`Cannot measure: the bench in the namespace ended with ${code}`)
  return v.parse(reportSchema, JSON.parse(output))
}
