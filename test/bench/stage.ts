import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const readyMs = 60_000
const stopMs = 5_000

/** A temporary folder and the processes started in it; `close` stops and removes them all. */
export class Stage {
  readonly folder: string
  readonly signal: AbortSignal
  readonly #children: ChildProcess[] = []

  constructor(signal: AbortSignal) {
    this.signal = signal
    this.folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
    chmodSync(this.folder, 0o755) // nginx's workers may be another user
  }

  /** Starts a process pinned to a core, its output going to NAME.out; answers when `ready` says so. */
  async start(name: string, core: number, command: readonly string[], ready: Readiness): Promise<number> {
    this.signal.throwIfAborted()
    const path = join(this.folder, `${name}.out`)
    const output = openSync(path, 'w')
    const child = spawn('taskset', ['-c', String(core), ...command], { stdio: ['ignore', output, output] })
    closeSync(output)
    this.#children.push(child)
    let failure: Error | undefined
    child.once('error', (cause) => {
      failure = cause
    })
    const deadline = Date.now() + readyMs
    while (!(await ready(path))) {
      this.signal.throwIfAborted()
      const ended = failure !== undefined || hasEnded(child)
      if (ended || Date.now() > deadline) {
        const why = failure?.message ?? (ended ? 'it ended' : `not ready within ${readyMs} ms`)
        throw new Error(`Cannot start ${name}: ${why}\n${readFileSync(path, 'utf8').slice(-2000)}`)
      }
      await sleep(50)
    }
    if (child.pid === undefined || hasEnded(child)) throw new Error(`Cannot start ${name}: it ended`)
    return child.pid
  }

  /** Stops one of its processes. */
  async stop(pid: number): Promise<void> {
    const child = this.#children.find((one) => one.pid === pid)
    if (child !== undefined) await stop(child)
  }

  async close(): Promise<void> {
    for (const child of this.#children.toReversed()) await stop(child)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Says whether a process is ready; gets the path of its output. */
export type Readiness = (outputPath: string) => Promise<boolean>

/** Ready once the output says so: the word "ready", and not "already". */
export const saysReady: Readiness = async (path) => /\bready\b/i.test(readFileSync(path, 'utf8'))

/** Ready once a loopback address accepts connections. */
export function listens(host: string, port: number): Readiness {
  return () =>
    new Promise((resolve) => {
      const socket = connect(port, host, () => settle(true))
      const settle = (is: boolean) => {
        socket.destroy()
        resolve(is)
      }
      socket.once('error', () => settle(false))
    })
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
  await exit
  clearTimeout(timer)
}
