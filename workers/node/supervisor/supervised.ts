import type { Hono } from 'hono'
import { type Order, parseOrder, type Report } from './messages.ts'

type Start = Extract<Order, { type: 'start' }>
type Ask = Extract<Order, { type: 'ask' }>

/** This process as a worker: what its supervisor orders, and hears of it. */
export class Supervised {
  readonly #started = Promise.withResolvers<Start>()
  readonly #stopped = Promise.withResolvers<number>()
  #isStopping = false
  #console: Hono | undefined
  #announce: (consolePort: number) => void = () => {}
  /** Called when ticket keys are renewed, in base64, the newest first. */
  onTicketKeys: (keys: readonly string[]) => void = () => {}

  constructor() {
    // They are the supervisor's: a terminal, and systemd, send them to every process.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
    process.on('message', (message) => this.#obey(parseOrder(message)))
    // Without a supervisor nobody would end it; one that ends while this drains is in a hurry.
    process.once('disconnect', () => (this.#isStopping ? process.exit(1) : this.#stop(0)))
  }

  get started(): Promise<Start> {
    return this.#started.promise
  }

  /** Resolves with how long to go on accepting. */
  get stopped(): Promise<number> {
    return this.#stopped.promise
  }

  /** What its supervisor asks is answered there. */
  openConsole(console: Hono): void {
    this.#console = console
  }

  /** @param announce says it for all workers, when it is asked to */
  becomeReady(announce: (consolePort: number) => void): void {
    this.#announce = announce
    tell({ type: 'ready' })
  }

  #obey(order: Order): void {
    if (order.type === 'start') this.#started.resolve(order)
    else if (order.type === 'announce') this.#announce(order.consolePort)
    else if (order.type === 'ask') void this.#answer(order)
    else if (order.type === 'renew-tickets') this.onTicketKeys(order.ticketKeys)
    else this.#stop(order.delayMs)
  }

  #stop(delayMs: number): void {
    this.#isStopping = true
    this.#stopped.resolve(delayMs)
  }

  async #answer({ id, path, posted }: Ask): Promise<void> {
    const init = posted === undefined ? undefined : { method: 'POST', body: posted }
    const response = (await this.#console?.request(path, init)) ?? new Response('starting', { status: 503 })
    const contentType = response.headers.get('content-type') ?? ''
    tell({ type: 'answer', id, status: response.status, contentType, body: await response.text() })
  }
}

function tell(report: Report): void {
  // A supervisor that is gone is told nothing: 'disconnect' follows.
  process.send?.(report, undefined, undefined, () => {})
}
