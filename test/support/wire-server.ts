import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { systemTimers } from '../../src/model/clock.node.ts'
import type { Timers } from '../../src/model/clock.ts'
import type { MinBodyRate } from '../../src/wire/body-pace.ts'
import { wireBounds } from '../../src/wire/bounds.ts'
import { Deadlines } from '../../src/wire/deadlines.ts'
import { ServerConnection } from '../../src/wire/server-connection.node.ts'
import type { ServerExchange } from '../../src/wire/server-exchange.node.ts'
import type { RequestFailure, RequestHandler } from '../../src/wire/server-handler.ts'
import type { ServerTimeouts } from '../../src/wire/server-parts.ts'

export interface WireServerOptions {
  readonly timers?: Timers
  readonly timeouts?: Partial<ServerTimeouts>
  readonly minBodyRate?: MinBodyRate
  readonly endIsLeaving?: boolean
  readonly tls?: TlsOptions
}

export interface WireServer {
  readonly port: number
  readonly connections: Set<ServerConnection>
  close(): Promise<void>
}

const timeouts: ServerTimeouts = { headMs: 10_000, idleMs: 10_000, stallMs: 10_000, lingerMs: 1000 }

/** Connections of ours behind a loopback port. */
export async function startWireServer(
  onRequest: (exchange: ServerExchange) => void,
  options: WireServerOptions = {},
): Promise<WireServer> {
  const connections = new Set<ServerConnection>()
  const parts = {
    bounds: wireBounds,
    timeouts: { ...timeouts, ...options.timeouts },
    minBodyRate: options.minBodyRate ?? { bytesPerSecond: 0, graceMs: 0 },
    deadlines: new Deadlines(options.timers ?? systemTimers, 10),
    endIsLeaving: options.endIsLeaving ?? false,
    onRequest,
    refuse: (failure: RequestFailure) => ({
      status: 400,
      reason: 'Bad Request',
      fields: ['X-Failure', failure],
      body: Buffer.from(failure),
    }),
    onClose: (connection: ServerConnection) => void connections.delete(connection),
  }
  const onSocket = (socket: Socket) => void connections.add(new ServerConnection(socket, parts))
  const sockets = { allowHalfOpen: true, noDelay: true }
  const server =
    options.tls === undefined
      ? createServer(sockets, onSocket)
      : createTlsServer({ ...sockets, ...options.tls }, onSocket)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    close: async () => {
      for (const connection of connections) connection.cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Takes a request on, and keeps what it is told of it. */
export class Recorder implements RequestHandler {
  readonly exchange: ServerExchange
  body = ''
  trailers: readonly string[] | undefined
  failure: RequestFailure | undefined
  overs = 0
  drains = 0
  /** Whether onBody asks for more at once. */
  takesMore = true
  readonly #waiting = new Set<() => void>()

  constructor(exchange: ServerExchange) {
    this.exchange = exchange
    exchange.handler = this
  }

  onBody(data: Uint8Array): boolean {
    this.body += Buffer.from(data).toString('latin1')
    this.#changed()
    return this.takesMore
  }

  onBodyEnd(trailers: readonly string[]): void {
    this.trailers = trailers
    this.#changed()
  }

  onDrain(): void {
    this.drains++
    this.#changed()
  }

  onFail(failure: RequestFailure): void {
    this.failure = failure
    this.#changed()
  }

  onOver(): void {
    this.overs++
    this.#changed()
  }

  /** Waits for the condition, which is looked at whenever something is told. */
  async until(holds: (recorder: this) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** A text answer of a known length. */
export function answer(exchange: ServerExchange, text: string, fields: readonly string[] = []): void {
  exchange.respond(200, ['Content-Length', `${text.length}`, ...fields])
  exchange.write(Buffer.from(text, 'latin1'))
  exchange.end([])
}
