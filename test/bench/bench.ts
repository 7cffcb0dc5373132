import { type BenchArguments, parseArguments } from './arguments.ts'
import { benchAttacks } from './attacks.ts'
import { benchPolicy } from './policy.ts'
import { benchProxy } from './proxy.ts'
import { benchRelay } from './relay.ts'
import { type BenchReport, renderJson, renderTable } from './report.ts'
import { benchSync } from './sync.ts'
import { benchTls } from './tls.ts'
import { benchWorker } from './worker/worker.ts'

type Bench = (options: BenchArguments, signal: AbortSignal) => Promise<BenchReport>

const benches = new Map<string, Bench>([
  ['proxy', benchProxy],
  ['attacks', benchAttacks],
  ['sync', benchSync],
  ['relay', benchRelay],
  ['worker', benchWorker],
  ['policy', benchPolicy],
  ['tls', benchTls],
])

const parsed = parseArguments(process.argv.slice(2), [...benches.keys()])
if (parsed.ok) await run(parsed.value)
else fail(parsed.problem, 2)

async function run(options: BenchArguments): Promise<void> {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stop.abort(new Error(`Stopped by ${name}`)))
  }
  try {
    const report = await benches.get(options.bench)?.(options, stop.signal)
    if (report) process.stdout.write(`${options.json ? renderJson(report) : renderTable(report)}\n`)
  } catch (cause) {
    fail(cause instanceof Error ? cause.message : String(cause), 1)
  }
}

function fail(message: string, code: number): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = code
}
