import type { Duplex } from 'node:stream'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import { wireBounds } from '../../src/wire/bounds.ts'
import { connectTcp, type Dialled } from '../../src/wire/client-dial.node.ts'
import type {
  ClientExchange,
  ClientFailure,
  ClientRequest,
  ResponseHandler,
} from '../../src/wire/client-exchange.node.ts'
import { ClientPool, type EndpointAddress, type PoolOptions } from '../../src/wire/client-pool.node.ts'
import { TlsConnector } from '../../src/wire/client-tls.node.ts'
import { Deadlines } from '../../src/wire/deadlines.ts'
import type { ResponseHead } from '../../src/wire/response-head.ts'

export function poolOf(options: Partial<PoolOptions> = {}): ClientPool {
  return new ClientPool({
    bounds: wireBounds,
    clock: systemClock,
    timers: systemTimers,
    deadlines: new Deadlines(options.timers ?? systemTimers, 10),
    connect: connectTcp,
    connectTls: new TlsConnector({ clock: systemClock, onTrouble: () => {} }).connect,
    connectTimeoutMs: 5000,
    maxConnections: 100,
    maxIdle: 100,
    maxWaiting: 100,
    idleMs: 60_000,
    freshMs: 60_000,
    ...options,
  })
}

/** Sends a request, and keeps what it is told of the answer. */
export class Caller implements ResponseHandler {
  readonly exchange: ClientExchange
  readonly interims: number[] = []
  head: ResponseHead | undefined
  body = ''
  trailers: readonly string[] | undefined
  failure: ClientFailure | undefined
  upgraded: Duplex | undefined
  isSent = false
  drains = 0
  /** Whether onData asks for more at once. */
  takesMore = true
  readonly #waiting = new Set<() => void>()

  /** @param at a port of 127.0.0.1, or where else the server is */
  constructor(pool: ClientPool, at: number | EndpointAddress, request: Partial<ClientRequest> = {}) {
    this.exchange = pool.send(
      typeof at === 'number' ? { key: `127.0.0.1:${at}`, address: '127.0.0.1', port: at } : at,
      {
        method: 'GET',
        target: '/',
        fields: ['Host', 'a'],
        framing: { kind: 'none' },
        upgrade: undefined,
        isIdempotent: true,
        ...request,
      },
      this,
    )
  }

  get isOver(): boolean {
    return this.trailers !== undefined || this.failure !== undefined || this.upgraded !== undefined
  }

  onSent(): void {
    this.isSent = true
    this.#changed()
  }

  onRequestDrain(): void {
    this.drains++
    this.#changed()
  }

  onInform(status: number): void {
    this.interims.push(status)
  }

  onHead(head: ResponseHead): void {
    this.head = head
    this.#changed()
  }

  onData(data: Uint8Array): boolean {
    this.body += Buffer.from(data).toString('latin1')
    this.#changed()
    return this.takesMore
  }

  onEnd(trailers: readonly string[]): void {
    this.#once()
    this.trailers = trailers
    this.#changed()
  }

  onUpgrade(head: ResponseHead, { socket }: Dialled): void {
    this.#once()
    this.head = head
    this.upgraded = socket
    this.#changed()
  }

  onError(failure: ClientFailure): void {
    this.#once()
    this.failure = failure
    this.#changed()
  }

  async over(): Promise<this> {
    await this.until(({ isOver }) => isOver)
    return this
  }

  /** Waits for the condition, which is looked at whenever something is told. */
  async until(holds: (caller: this) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  #once(): void {
    if (this.isOver) throw new Error('told of a second end')
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
