import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { WorkerAnswer } from '../../../src/console/group.ts'
import { systemClock, systemTimers } from '../../../src/model/clock.node.ts'
import { type Order, parseReport, type Relay, type Report } from './messages.ts'
import type { HeldSockets } from './shared-ports.ts'

export interface WorkerOptions {
  readonly number: number
  readonly sockets: HeldSockets
  readonly relay: Relay | undefined
  /** Of session tickets, in base64. */
  readonly ticketKeys: readonly string[]
  /** Longer than it needs to drain: whoever is still there then is killed. */
  readonly killAfterMs: number
}

const MAIN = fileURLToPath(new URL('../worker.ts', import.meta.url))
/** One whose event loop stands still does not keep an operator waiting. */
const ANSWER_WITHIN_MS = 5_000

/** A worker: the command line of this process again, in one that answers clients on a socket bound here. */
export class WorkerProcess {
  readonly startedAt = systemClock.elapsed()
  /** Once it listens. */
  readonly ready: Promise<void>
  /** Resolves, with the code or signal, once it is gone. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #killAfterMs: number
  readonly #ready = Promise.withResolvers<void>()
  readonly #asked = new Map<number, PromiseWithResolvers<WorkerAnswer>>()
  #lastId = 0
  #phase: 'starting' | 'serving' | 'draining' = 'starting'

  constructor({ number, sockets, relay, ticketKeys, killAfterMs }: WorkerOptions) {
    this.#killAfterMs = killAfterMs
    this.ready = this.#ready.promise
    this.#child = fork(MAIN, process.argv.slice(2), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...sockets.fds],
    })
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`))
      this.#child.on('error', (error) => this.pid === undefined && resolve(error.message))
    })
    void this.ended.then(() => {
      for (const { reject } of this.#asked.values()) reject(this.#silence())
    })
    this.#child.on('message', (message) => this.#onReport(parseReport(message)))
    this.#tell({ type: 'start', worker: number, relay: relay ?? null, ticketKeys: [...ticketKeys] })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get phase(): 'starting' | 'serving' | 'draining' {
    return this.#phase
  }

  announce(consolePort: number): void {
    this.#tell({ type: 'announce', consolePort })
  }

  renewTickets(keys: readonly string[]): void {
    this.#tell({ type: 'renew-tickets', ticketKeys: [...keys] })
  }

  /** What its console answers. @throws Error when it does not */
  async ask(path: string, posted?: string): Promise<WorkerAnswer> {
    const id = ++this.#lastId
    const answered = Promise.withResolvers<WorkerAnswer>()
    const limit = systemTimers.start(ANSWER_WITHIN_MS, () => answered.reject(this.#silence()))
    this.#asked.set(id, answered)
    this.#tell({ type: 'ask', id, path, ...(posted !== undefined && { posted }) })
    try {
      return await answered.promise
    } finally {
      limit.cancel()
      this.#asked.delete(id)
    }
  }

  /** Lets it drain. Resolves once it is gone. */
  async stop(delayMs: number): Promise<void> {
    this.#phase = 'draining'
    this.#tell({ type: 'stop', delayMs })
    const limit = systemTimers.start(delayMs + this.#killAfterMs, () => this.kill())
    await this.ended
    limit.cancel()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #onReport(report: Report): void {
    if (report.type === 'answer') this.#asked.get(report.id)?.resolve(report)
    else {
      if (this.#phase === 'starting') this.#phase = 'serving'
      this.#ready.resolve()
    }
  }

  #tell(order: Order): void {
    // One that is gone, or never came to be, has ended: that is told.
    if (this.#child.connected) this.#child.send(order, () => {})
  }

  #silence(): Error {
    return new Error(`Process ${this.pid} does not answer`)
  }
}
