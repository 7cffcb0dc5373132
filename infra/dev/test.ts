// Everything that must hold before a change goes in. The last line of the output is the count of the tests.
// The first argument names the suites, such as `unit,system`; the others go to vitest.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { CLUSTER_BINARIES, prepareClusterBinaries } from './cluster-binaries.ts'
import { cyclonus } from './cyclonus.ts'
import { prepareGoProgram } from './go-program.ts'
import { inNamespace } from './netns.ts'
import { pebble } from './pebble.ts'
import { installServers } from './servers.ts'
import { toxiproxy } from './toxiproxy.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')

const reportSchema = v.object({
  numPassedTests: v.number(),
  numFailedTests: v.number(),
  numPendingTests: v.optional(v.number(), 0),
  numTodoTests: v.optional(v.number(), 0),
  testResults: v.array(
    v.object({
      status: v.string(),
      assertionResults: v.array(
        v.object({
          status: v.string(),
          fullName: v.string(),
          failureMessages: v.optional(v.array(v.string()), []),
        }),
      ),
    }),
  ),
})

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** vitest's configuration of each suite. */
const suites = {
  unit: 'vitest.config.ts',
  system: 'vitest.system.config.ts',
  soak: 'vitest.soak.config.ts',
} as const
type SuiteName = keyof typeof suites

const checks: readonly (readonly [title: string, command: readonly string[]])[] = [
  ['Lint and format', [join(bin, 'biome'), 'check', '.']],
  ['Types, pure rooms', [join(bin, 'tsc'), '-p', 'tsconfig.json']],
  ['Types, everything', [join(bin, 'tsc'), '-p', 'tsconfig.node.json']],
  ['Types, Worker', [join(bin, 'tsc'), '-p', 'workers/cloudflare/tsconfig.json']],
]

const chosen = chosenSuites(process.argv[2])
const failedChecks = checks.filter(([title, command]) => {
  const isPassed = run(command, {})
  console.log(`${title}: ${isPassed ? 'passed' : 'FAILED'}`)
  return !isPassed
}).length
const parts = await prepareParts().catch((error: unknown) => {
  console.log(error instanceof Error ? error.message : String(error))
  return undefined
})
const tests =
  parts === undefined ? [{ passed: 0, failed: 1, skipped: 0 }] : chosen.map((name) => runSuite(name, parts))
const total = (count: (one: Count) => number): number => tests.reduce((sum, one) => sum + count(one), 0)
const passed = total((one) => one.passed)
const failed = total((one) => one.failed) + failedChecks
const skipped = total((one) => one.skipped)
if (passed + failed === 0) console.log('No test ran.')
if (skipped > 0) console.log(`${skipped} skipped`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

/** The real parts that tests run against. What cannot be had is said; with CI=true it fails. */
async function prepareParts(): Promise<Readonly<Record<string, string>>> {
  installServers()
  const tell = (line: string): void => console.log(line)
  const binaries = await prepareClusterBinaries(process.env, tell)
  const programs = [
    ...(chosen.includes('unit') ? [cyclonus, pebble] : []),
    ...(chosen.includes('system') ? [toxiproxy] : []),
  ]
  const parts: Record<string, string> = {}
  for (const program of programs) {
    const file = await prepareGoProgram(program, process.env, tell)
    if (file !== undefined) parts[program.variable] = file
  }
  return { ...parts, ...(binaries.found && { [CLUSTER_BINARIES]: binaries.folder }) }
}

function chosenSuites(text = ''): SuiteName[] {
  const names = text.split(',')
  const known = names.filter((name): name is SuiteName => Object.hasOwn(suites, name))
  if (known.length === names.length) return known
  throw new Error(`Cannot run suites "${text}": there are ${Object.keys(suites).join(', ')}`)
}

function runSuite(name: SuiteName, parts: Readonly<Record<string, string>>): Count {
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-'))
  const file = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { command, isIsolated } = inNamespace([
    join(bin, 'vitest'),
    'run',
    ...['--config', suites[name]],
    ...reporters,
    ...process.argv.slice(3),
  ])
  try {
    const isPassed = run(command, isIsolated ? { ...parts, POSTERN_TEST_NETNS: '1' } : parts)
    return countOf(file, isPassed)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function countOf(file: string, isPassed: boolean): Count {
  try {
    const report = v.parse(reportSchema, JSON.parse(readFileSync(file, 'utf8')))
    // A file that cannot be loaded fails without a test of its own.
    const brokenFiles = report.testResults.filter(
      (result) =>
        result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
    ).length
    nameRetried(report)
    const failed = report.numFailedTests + brokenFiles
    return {
      passed: report.numPassedTests,
      failed: isPassed ? failed : Math.max(failed, 1),
      skipped: report.numPendingTests + report.numTodoTests,
    }
  } catch (error) {
    console.log(`Cannot read the report of the tests: ${error instanceof Error ? error.message : error}`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

/** Each is a fault to be found, of the test or of the program. */
function nameRetried({ testResults }: v.InferOutput<typeof reportSchema>): void {
  for (const { status, fullName, failureMessages } of testResults.flatMap((file) => file.assertionResults)) {
    const [message] = failureMessages
    if (status === 'passed' && message !== undefined) {
      console.log(`Passed only when it was tried again: ${fullName}: ${message.split('\n', 1)[0]}`)
    }
  }
}

function run([file = '', ...args]: readonly string[], env: Readonly<Record<string, string>>): boolean {
  const result = spawnSync(file, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  if (result.error !== undefined) console.log(`Cannot run ${file}: ${result.error.message}`)
  return result.status === 0
}
