// Compares Postern with what others hold to be right. Arguments: which comparison, then its own.
import { checkHttp } from './http.ts'
import { netpol } from './netpol.ts'

/** Says what it found on standard output. @returns whether everything is as it should be */
type Case = (args: readonly string[], signal: AbortSignal) => Promise<boolean>

const cases = new Map<string, Case>([
  ['http', (_, signal) => checkHttp(signal)],
  ['netpol', (args) => netpol(args)],
])

const [name = '', ...args] = process.argv.slice(2)
const chosen = cases.get(name)
if (chosen === undefined) fail(`Usage: npm run conformance -- <${[...cases.keys()].join('|')}>`, 2)
else await run(chosen)

async function run(check: Case): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort(new Error(`Stopped by ${signal}`)))
  }
  try {
    if (!(await check(args, stop.signal))) process.exitCode = 1
  } catch (cause) {
    fail(cause instanceof Error ? cause.message : String(cause), 1)
  }
}

function fail(message: string, code: number): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = code
}
