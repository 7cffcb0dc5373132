import { Agent } from 'node:http'
import { join } from 'node:path'
import { readIsolateBytes } from '../../support/heap.ts'
import { ask } from '../../support/steady-load.ts'
import { bundleWorker, type Workerd } from '../../support/workerd.ts'
import type { BenchArguments } from '../arguments.ts'
import { startBackend } from '../backend.ts'
import { readTreeUsage } from '../cpu.ts'
import { loadCore, root } from '../peer.ts'
import { type BenchReport, type BenchRow, median, roundTo } from '../report.ts'
import { Stage } from '../stage.ts'
import { hostName } from '../workload.ts'
import { runLoad } from '../wrk.ts'
import { startFullRelay, subjectsOf, type WorkerSubject } from './subjects.ts'

const CONNECTIONS = 32
const WARM_UP_S = 3
/** Hosts that the load asks for, and those that memory is measured with. */
const LOAD_HOSTS = 100
const ASKED_HOSTS = 5_000
const MIB = 1024 * 1024
const INSPECTOR = '127.0.0.1:9339'

/** Measures the Worker beside an empty one and one that only fetches, each in workerd: start, CPU, memory. */
export async function benchWorker(options: BenchArguments, signal: AbortSignal): Promise<BenchReport> {
  const stage = new Stage(signal)
  const bundle = bundleWorker()
  try {
    await startBackend(stage)
    process.stderr.write('Filling a registry\n')
    const relay = await startFullRelay()
    const subjects = subjectsOf(bundle.script, relay)
    const rows = [
      ...(await measureStart(subjects, options.rounds)),
      ...(await measureCpu(subjects, options, signal)),
      ...(await measureMemory(subjects)),
    ]
    await relay.close()
    return { bench: 'worker', rows }
  } finally {
    bundle.remove()
    await stage.close()
  }
}

/** From the start of a process to its first answer, in interleaved rounds. */
async function measureStart(subjects: readonly WorkerSubject[], rounds: number): Promise<BenchRow[]> {
  const taken = new Map(subjects.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round <= rounds; round++) {
    for (const { name, start } of subjects) {
      const startedAt = performance.now()
      const workerd = await start()
      await requireAnswer(name, workerd, 0)
      // The first round fills the page cache.
      if (round > 0) taken.get(name)?.push(performance.now() - startedAt)
      await workerd.stop()
    }
  }
  const empty = median(taken.get('empty') ?? [])
  return subjects.map(({ name }) => {
    const millis = median(taken.get(name) ?? [])
    return {
      case: 'start to first answer',
      subject: name,
      millis: roundTo(millis, 1),
      overEmptyMillis: roundTo(millis - empty, 1),
    }
  })
}

async function measureCpu(
  subjects: readonly WorkerSubject[],
  { rounds, seconds }: BenchArguments,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const running: { readonly name: string; readonly workerd: Workerd; readonly micros: number[] }[] = []
  for (const { name, start } of subjects) running.push({ name, workerd: await start(), micros: [] })
  for (const { workerd } of running) await microsPerRequest(workerd, WARM_UP_S, signal)
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`CPU: round ${round} of ${rounds}\n`)
    for (const { workerd, micros } of running) micros.push(await microsPerRequest(workerd, seconds, signal))
  }
  for (const { workerd } of running) await workerd.stop()
  const bare = median(running.find(({ name }) => name === 'bare fetch')?.micros ?? [])
  return running.map(({ name, micros }) => ({
    case: 'GET small',
    subject: name,
    cpuMicrosPerRequest: roundTo(median(micros), 1),
    ratioToBareFetch: roundTo(median(micros) / bare, 2),
  }))
}

async function microsPerRequest(
  { port, pid }: Workerd,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  const script = join(root, 'test/fixtures/bench/load.lua')
  const scriptArguments = ['GET', '/', `${LOAD_HOSTS}`, '1', '0']
  const before = readTreeUsage(pid)
  const load = { core: loadCore, port, connections: CONNECTIONS, seconds, script, scriptArguments }
  const { requests } = await runLoad(load, signal)
  const after = readTreeUsage(pid)
  const used = after.userMicros + after.systemMicros - before.userMicros - before.systemMicros
  return used / requests
}

async function measureMemory(subjects: readonly WorkerSubject[]): Promise<BenchRow[]> {
  const rows: { readonly name: string; readonly isolate: number; readonly resident: number }[] = []
  for (const { name, start } of subjects) {
    process.stderr.write(`Memory: ${name}\n`)
    const workerd = await start(INSPECTOR)
    for (let host = 0; host < ASKED_HOSTS; host++) await requireAnswer(name, workerd, host)
    const { rssBytes } = readTreeUsage(workerd.pid)
    rows.push({ name, isolate: await readIsolateBytes(INSPECTOR), resident: rssBytes })
    await workerd.stop()
  }
  const empty = rows.find(({ name }) => name === 'empty')
  return rows.map(({ name, isolate, resident }) => ({
    case: `${ASKED_HOSTS} hosts asked for`,
    subject: name,
    isolateMib: roundTo(isolate / MIB, 1),
    overEmptyMib: roundTo((isolate - (empty?.isolate ?? Number.NaN)) / MIB, 1),
    rssMib: roundTo(resident / MIB, 1),
    rssOverEmptyMib: roundTo((resident - (empty?.resident ?? Number.NaN)) / MIB, 1),
  }))
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

async function requireAnswer(name: string, { port }: Workerd, host: number): Promise<void> {
  const { status, body } = await ask(port, hostName(host), '/', agent)
  if (status !== 200) throw new Error(`Cannot measure ${name}: ${hostName(host)} answers ${status} ${body}`)
}
