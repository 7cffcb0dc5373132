import { request } from 'node:http'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { BenchArguments } from './arguments.ts'
import { readTreeUsage } from './cpu.ts'
import { commandAbsence, loadCore, root, type Subject, startBackend, startSubjects } from './peers.ts'
import { type Sample, summarize } from './proxyrows.ts'
import type { BenchReport } from './report.ts'
import { Stage } from './stage.ts'
import { backendBody, hostCount, hostName, poolCount } from './workload.ts'
import { runLoad } from './wrk.ts'

interface Case {
  readonly name: string
  readonly method: string
  /** Every step-th host is asked: fewer when the bodies would fill the load generator's memory. */
  readonly hostStep: number
  readonly bodyBytes: number
}

const cases: readonly Case[] = [
  { name: 'GET small', method: 'GET', hostStep: 1, bodyBytes: 0 },
  { name: 'POST 10 KB', method: 'POST', hostStep: 11, bodyBytes: 10_000 },
]
const connections = 64
const warmUpSeconds = 3

/** Measures Postern beside nginx and HAProxy at equal work, in interleaved rounds; figures are medians. */
export async function benchProxy(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  requireMachine()
  const stage = new Stage(signal)
  try {
    await startBackend(stage)
    const subjects = await startSubjects(stage)
    for (const subject of subjects) await probe(subject)
    const samples: Sample[] = []
    for (const one of cases) {
      for (const subject of subjects) await measure(subject, one, warmUpSeconds, signal)
      for (let round = 1; round <= options.rounds; round++) {
        process.stderr.write(`${one.name}: round ${round} of ${options.rounds}\n`)
        for (const subject of subjects) samples.push(await measure(subject, one, options.seconds, signal))
      }
    }
    return { bench: 'proxy', rows: summarize(samples) }
  } finally {
    await stage.close()
  }
}

function requireMachine(): void {
  if (availableParallelism() < 2) throw new Error('Cannot run the bench: it needs two cores')
  const needs = [commandAbsence('taskset', '-V'), commandAbsence('nginx', '-v'), commandAbsence('wrk', '-v')]
  const absent = needs.filter((absence) => absence !== undefined)
  if (absent.length > 0)
    throw new Error(`Cannot run the bench without taskset, nginx and wrk: ${absent.join('; ')}`)
}

async function measure(subject: Subject, one: Case, seconds: number, signal: AbortSignal): Promise<Sample> {
  const scriptArguments = [one.method, hostCount, one.hostStep, one.bodyBytes].map(String)
  const script = join(root, 'test/fixtures/bench/load.lua')
  const before = readTreeUsage(subject.pid)
  const load = { core: loadCore, port: subject.port, connections, seconds, script, scriptArguments }
  const result = await runLoad(load, signal).catch((cause: unknown) => {
    signal.throwIfAborted()
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`Cannot measure ${subject.name}, ${one.name}: ${message}`, { cause })
  })
  const after = readTreeUsage(subject.pid)
  const userMicrosPerRequest = (after.userMicros - before.userMicros) / result.requests
  const systemMicrosPerRequest = (after.systemMicros - before.systemMicros) / result.requests
  return {
    case: one.name,
    subject: subject.name,
    cpuMicrosPerRequest: userMicrosPerRequest + systemMicrosPerRequest,
    userMicrosPerRequest,
    systemMicrosPerRequest,
    requestsPerSecond: result.requestsPerSecond,
    p50Micros: result.p50Micros,
    p99Micros: result.p99Micros,
    rssBytes: after.rssBytes,
  }
}

/** Asks one host of each pool before the load: wrk would let a redirect or a short body pass. */
async function probe(subject: Subject): Promise<void> {
  for (let pool = 0; pool < poolCount; pool++) {
    const host = hostName(hostCount - poolCount + pool)
    const { status, body } = await get(subject.port, host)
    if (status === 200 && body === backendBody) continue
    throw new Error(
      `Cannot measure ${subject.name}: ${host} answers ${status} ${JSON.stringify(body.slice(0, 200))}`,
    )
  }
}

function get(port: number, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, headers: { host }, agent: false, timeout: 5000 },
      (answer) => {
        let body = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => {
          body += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
        answer.on('error', reject)
      },
    )
    asked.on('timeout', () => asked.destroy(new Error(`No answer from port ${port} within 5000 ms`)))
    asked.on('error', reject)
    asked.end()
  })
}
