// The least proxy over our own HTTP/1.1: heads parsed and cleaned both ways, bodies streamed, nothing decided.
import { createServer } from 'node:net'
import { requestHeaders, responseHeaders, trailerFields } from '../../../src/forward/headers.ts'
import { systemClock, systemTimers } from '../../../src/model/clock.node.ts'
import { wireBounds } from '../../../src/wire/bounds.ts'
import { connectTcp } from '../../../src/wire/client-dial.node.ts'
import type { ClientExchange, ResponseHandler } from '../../../src/wire/client-exchange.node.ts'
import { ClientPool } from '../../../src/wire/client-pool.node.ts'
import { Deadlines } from '../../../src/wire/deadlines.ts'
import type { ResponseHead } from '../../../src/wire/response-head.ts'
import { ServerConnection } from '../../../src/wire/server-connection.node.ts'
import type { ServerExchange } from '../../../src/wire/server-exchange.node.ts'
import type { RequestHandler } from '../../../src/wire/server-handler.ts'
import { factsOf, nextEndpoint } from './work.ts'

const deadlines = new Deadlines(systemTimers, 1000)
const pool = new ClientPool({
  ...{ bounds: wireBounds, clock: systemClock, timers: systemTimers, deadlines, connect: connectTcp },
  ...{
    connectTimeoutMs: 5000,
    maxConnections: 1024,
    maxIdle: 256,
    maxWaiting: 1024,
    idleMs: 60_000,
    freshMs: 1000,
  },
})

class Relay implements RequestHandler, ResponseHandler {
  readonly #down: ServerExchange
  readonly #up: ClientExchange

  constructor(down: ServerExchange) {
    this.#down = down
    down.handler = this
    const { head } = down
    const request = {
      method: head.method,
      target: head.target,
      fields: requestHeaders(head.fields, factsOf(head.fields), []),
      framing: head.framing,
      upgrade: undefined,
      isIdempotent: head.method === 'GET',
    }
    this.#up = pool.send(nextEndpoint(), request, this)
  }

  onSent(): void {
    this.#down.resume()
  }
  onBody(data: Uint8Array): boolean {
    return this.#isAnswering ? this.#down.write(data) : this.#up.write(data)
  }
  onBodyEnd(trailers: readonly string[]): void {
    this.#up.end(trailers)
  }
  onDrain(): void {
    if (this.#isAnswering) this.#up.resume()
    else this.#down.resume()
  }
  onInform(): void {}
  #isAnswering = false
  onHead(head: ResponseHead): void {
    this.#isAnswering = true
    this.#down.respond(head.status, responseHeaders(head.fields, head.status))
  }
  onEnd(trailers: readonly string[]): void {
    this.#down.end(trailerFields(trailers))
  }
  onUpgrade(): void {}
  onFail(): void {
    this.#down.cut()
  }
  onOver(): void {
    this.#up.abort()
  }
}

const parts = {
  bounds: wireBounds,
  timeouts: { headMs: 10_000, idleMs: 75_000, stallMs: 60_000, lingerMs: 5000 },
  deadlines,
  endIsLeaving: true,
  onRequest: (exchange: ServerExchange) => void new Relay(exchange),
  refuse: () => undefined,
  onClose() {},
}
createServer(
  { allowHalfOpen: true, noDelay: true },
  (socket) => void new ServerConnection(socket, parts),
).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'))
