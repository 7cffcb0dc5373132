import type { Duplex } from 'node:stream'
import { BodyReader } from './body-reader.ts'
import { decodeLatin1 } from './latin1.node.ts'
import { LINGER_BYTES } from './linger.node.ts'
import type { MessageWriter } from './message-writer.node.ts'
import { RequestInput } from './request-input.node.ts'
import { formatRefusalHead } from './response-text.ts'
import { type ExchangePlace, ServerExchange } from './server-exchange.node.ts'
import type { RequestFailure } from './server-handler.ts'
import type { ServerParts } from './server-parts.ts'
import { ServerSocket, type SocketListener } from './server-socket.node.ts'
import { requestFailure, WireError } from './wire-error.ts'

export type ServerConnectionParts = ServerParts<ServerExchange, ServerConnection>

/**
 * One client's connection: its requests are read and answered in order, one at a time. The stream may stay half open
 * (`allowHalfOpen`), or a client that has ended its side gets no answer.
 */
export class ServerConnection implements ExchangePlace, SocketListener {
  readonly #parts: ServerConnectionParts
  readonly #socket: ServerSocket
  readonly #input: RequestInput
  #exchange: ServerExchange | undefined
  #isAdvancing = false
  #hasEnded = false
  #closesWhenIdle = false
  isClosing = false

  constructor(stream: Duplex, parts: ServerConnectionParts) {
    this.#parts = parts
    this.#input = new RequestInput(parts.bounds)
    this.#socket = new ServerSocket(stream, parts, this)
  }

  get stream(): Duplex {
    return this.#socket.stream
  }

  get writer(): MessageWriter {
    return this.#socket.writer
  }

  /** No byte of a request is here that has not been answered. */
  get isIdle(): boolean {
    const isBetween = this.#exchange === undefined && this.#input.isEmpty && !this.#input.isWithinHead
    return this.#socket.isOpen && isBetween
  }

  /** From now on, every answer is the last of its connection. */
  drain(): void {
    this.isClosing = true
  }

  /** Ends it now, or as soon as nothing is being answered. */
  closeWhenIdle(): void {
    this.#closesWhenIdle = true
    if (this.isIdle) this.#socket.linger()
  }

  wake(): void {
    this.#socket.awaitBody(this.#exchange?.body.isUntouched === true)
    this.#advance()
  }

  answered(exchange: ServerExchange): void {
    // The rest of a request that has its answer is read and dropped, or the connection would never be free again.
    if (exchange.body.isOver || exchange.hasFailed || !exchange.keepsAlive) this.#finish(exchange)
    else {
      exchange.wantsBody = true
      this.#socket.allow('lingerMs')
      this.#advance()
    }
  }

  release(): Duplex {
    this.#exchange = undefined
    return this.#socket.release(this.#input.rest)
  }

  cut(): void {
    this.#socket.cut()
  }

  onDeadline(): void {
    const exchange = this.#exchange
    if (exchange?.isAnswered === true) this.cut()
    else if (exchange !== undefined) this.#fail(exchange, 'request-timeout')
    else if (this.#input.isWithinHead) this.#refuse('request-timeout', undefined)
    else this.#socket.linger()
  }

  onData(chunk: Buffer): void {
    this.#input.push(chunk)
    this.#advance()
  }

  /** Reads on as far as it can: to the end of what has come, or to a request that is being answered. */
  #advance(): void {
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    try {
      while (this.#socket.isOpen && !this.#input.isEmpty && this.#step());
    } finally {
      this.#isAdvancing = false
    }
    if (this.#socket.isOpen) this.#flow()
  }

  #step(): boolean {
    const exchange = this.#exchange
    if (exchange === undefined) return this.#readHead()
    if (!exchange.isReading) return false
    const input = this.#input
    const from = input.at
    input.at = exchange.read(input.chunk, from)
    if (exchange.isAnswered) this.#discarded(exchange)
    else if (exchange.fault !== undefined) this.#fail(exchange, requestFailure(exchange.fault))
    else this.#socket.bodyCame(input.at - from, exchange.isReading)
    return true
  }

  #readHead(): boolean {
    const { bounds, onRequest } = this.#parts
    if (this.#input.isBeforeHead) this.#socket.allow('headMs')
    const head = this.#input.readHead()
    if (head === undefined) return false
    if (head instanceof WireError) {
      this.#refuse(requestFailure(head), head)
      return false
    }
    this.#socket.allowEver()
    this.#exchange = new ServerExchange(head, new BodyReader(head.framing, bounds, decodeLatin1), this)
    onRequest(this.#exchange, this)
    return true
  }

  #discarded(exchange: ServerExchange): void {
    if (exchange.body.isOver) this.#finish(exchange)
    else if (exchange.fault !== undefined || exchange.bytesDiscarded > LINGER_BYTES) this.cut()
  }

  /** Takes what can be read on from the socket, and no more than one chunk beyond. */
  #flow(): void {
    if (!this.#input.isEmpty) this.#socket.pause()
    else {
      this.#input.clear()
      if (this.#hasEnded) this.#ended()
      else this.#socket.resume()
    }
  }

  onDrain(): void {
    this.#exchange?.handler.onDrain()
  }

  onEnd(): void {
    this.#hasEnded = true
    this.isClosing = true
    if (this.#input.isEmpty) this.#ended()
  }

  /** The client has ended its side, and all that it sent has been read. */
  #ended(): void {
    const exchange = this.#exchange
    if (exchange === undefined) this.#socket.linger()
    else if (!exchange.body.isOver || this.#parts.endIsLeaving) this.cut()
  }

  onClose(): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    if (exchange !== undefined) {
      this.#fail(exchange, 'client-closed')
      exchange.handler.onOver()
    }
    this.#parts.onClose(this)
  }

  #fail(exchange: ServerExchange, failure: RequestFailure): void {
    if (exchange.hasFailed) return
    exchange.hasFailed = true
    this.isClosing = true
    this.#socket.allowEver()
    exchange.handler.onFail(failure)
  }

  /** What came is no request. */
  #refuse(failure: RequestFailure, cause: WireError | undefined): void {
    const refusal = this.#parts.refuse(failure, cause, this)
    if (refusal === undefined) this.cut()
    else {
      this.writer.writeText(formatRefusalHead(refusal))
      this.stream.write(refusal.body)
      this.#socket.linger()
    }
  }

  /** The next request waits until this answer has left: a client that does not read gets no more to read. */
  #finish(exchange: ServerExchange): void {
    this.#socket.allow('stallMs')
    this.#socket.flushed(() => {
      if (this.#exchange === exchange) this.#complete(exchange)
    })
  }

  #complete(exchange: ServerExchange): void {
    this.#exchange = undefined
    exchange.handler.onOver()
    if (exchange.keepsAlive && !exchange.hasFailed) {
      this.#socket.allow('idleMs')
      this.#advance()
      if (this.#closesWhenIdle && this.isIdle) this.#socket.linger()
    } else if (!exchange.head.keepsAlive && exchange.body.isOver && this.#input.isEmpty) {
      this.#socket.leave()
    } else {
      this.#socket.linger()
    }
  }
}
