import {
  type ForwardedFacts,
  requestHeaders,
  responseHeaders,
  trailerFields,
} from '../../src/forward/headers.ts'
import type { ClientExchange, ClientFailure, ResponseHandler } from '../../src/wire/client-exchange.node.ts'
import type { ClientPool, EndpointAddress } from '../../src/wire/client-pool.node.ts'
import type { ResponseHead } from '../../src/wire/response-head.ts'
import type { ServerExchange } from '../../src/wire/server-exchange.node.ts'
import type { RequestHandler } from '../../src/wire/server-handler.ts'

const facts: ForwardedFacts = {
  ...{ authority: 'a', hostRewrite: undefined, peerAddress: '10.0.0.1', clientAddress: '10.0.0.1' },
  ...{
    scheme: 'http',
    isTrusted: false,
    strippedPrefix: undefined,
    claims: undefined,
    requestId: '0af7651916cd43dd',
    httpVersion: '1.1',
    maxForwards: undefined,
  },
}

/** The least that joins a client's exchange with an endpoint's: heads cleaned, bodies streamed, nothing decided. */
export class WireRelay implements RequestHandler, ResponseHandler {
  readonly #down: ServerExchange
  #received: readonly string[] = []
  #up: ClientExchange | undefined

  constructor(down: ServerExchange, pool: ClientPool, endpoint: EndpointAddress) {
    this.#down = down
    down.handler = this
    const { method, target, fields, framing } = down.head
    const request = {
      ...{ method, target, framing, upgrade: undefined, isIdempotent: method === 'GET' },
      fields: requestHeaders(fields, facts, []),
    }
    this.#up = pool.send(endpoint, request, this)
  }

  onSent(exchange: ClientExchange): void {
    // On a connection that was free, before send() has returned.
    this.#up = exchange
    this.#down.resume()
  }

  onBody(data: Uint8Array): boolean {
    return this.#up?.write(data) ?? true
  }

  onBodyEnd(trailers: readonly string[]): void {
    this.#up?.end(trailerFields(trailers, this.#down.head.fields))
  }

  onRequestDrain(): void {
    this.#down.resume()
  }

  onInform(status: number, fields: readonly string[]): void {
    if (status !== 100) this.#down.inform(status, fields)
  }

  onHead({ status, fields }: ResponseHead): void {
    this.#received = fields
    this.#down.respond(status, responseHeaders(fields, status))
  }

  onData(data: Uint8Array): boolean {
    return this.#down.write(data)
  }

  onDrain(): void {
    this.#up?.resume()
  }

  onEnd(trailers: readonly string[]): void {
    this.#down.end(trailerFields(trailers, this.#received))
  }

  onUpgrade(): void {
    this.#down.cut()
  }

  onError({ code }: ClientFailure): void {
    if (this.#down.isBegun) this.#down.cut()
    else {
      this.#down.respond(502, ['Content-Length', `${code.length}`])
      this.#down.write(Buffer.from(code))
      this.#down.end([])
    }
  }

  onFail(): void {
    this.#up?.abort()
    this.#down.cut()
  }

  onOver(): void {
    this.#up?.abort()
  }
}
