import type { Duplex } from 'node:stream'
import { BodyReader } from './body-reader.ts'
import { NEVER, type Watched } from './deadlines.ts'
import { decodeLatin1 } from './latin1.node.ts'
import { LINGER_BYTES, Linger } from './linger.node.ts'
import { MessageWriter } from './message-writer.node.ts'
import { RequestInput } from './request-input.node.ts'
import { formatResponseHead } from './response-text.ts'
import { type ExchangePlace, ServerExchange } from './server-exchange.node.ts'
import type { RequestFailure } from './server-handler.ts'
import type { Refusal, ServerParts, ServerTimeouts } from './server-parts.ts'
import { requestFailure, WireError } from './wire-error.ts'

export type ServerConnectionParts = ServerParts<ServerExchange, ServerConnection>

/**
 * One client's connection: its requests are read and answered in order, one at a time. The socket may stay half open
 * (`allowHalfOpen`), or a client that has ended its side gets no answer.
 */
export class ServerConnection implements ExchangePlace, Watched {
  readonly writer: MessageWriter
  readonly socket: Duplex
  readonly #parts: ServerConnectionParts
  readonly #input: RequestInput
  #exchange: ServerExchange | undefined
  #isAdvancing = false
  #hasEnded = false
  /** Neither handed over, nor on its way to its end. */
  #isOpen = true
  isClosing = false
  deadline = NEVER

  constructor(socket: Duplex, parts: ServerConnectionParts) {
    this.socket = socket
    this.#parts = parts
    this.writer = new MessageWriter(socket)
    this.#input = new RequestInput(parts.bounds)
    socket.on('data', this.#onData).on('end', this.#onEnd).on('drain', this.#onDrain)
    // Whatever the error is, 'close' follows.
    socket.on('error', () => {}).once('close', this.#onClose)
    this.#allow('idleMs')
    parts.deadlines.add(this)
  }

  /** No byte of a request is here that has not been answered. */
  get isIdle(): boolean {
    return this.#isOpen && this.#exchange === undefined && !this.#input.isWithinHead
  }

  /** From now on, every answer is the last of its connection. */
  drain(): void {
    this.isClosing = true
  }

  closeIfIdle(): void {
    if (this.isIdle) this.#linger()
  }

  wake(): void {
    this.#allow('stallMs')
    this.#advance()
  }

  answered(exchange: ServerExchange): void {
    // The rest of a request that has its answer is read and dropped, or the connection would never be free again.
    if (exchange.body.isOver || exchange.hasFailed || !exchange.keepsAlive) this.#finish(exchange)
    else {
      exchange.wantsBody = true
      this.#allow('lingerMs')
      this.#advance()
    }
  }

  release(): Duplex {
    this.#isOpen = false
    this.#exchange = undefined
    this.#letGo()
    this.socket.pause()
    if (!this.#input.isEmpty) this.socket.unshift(this.#input.rest)
    this.#input.clear()
    return this.socket
  }

  cut(): void {
    this.socket.destroy()
  }

  onDeadline(): void {
    const exchange = this.#exchange
    if (exchange?.isAnswered === true) this.cut()
    else if (exchange !== undefined) this.#fail(exchange, 'request-timeout')
    else if (this.#input.isWithinHead) this.#refuse(this.#parts.refuse('request-timeout', undefined))
    else this.#linger()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#input.push(chunk)
    this.#advance()
  }

  /** Reads on as far as it can: to the end of what has come, or to a request that is being answered. */
  #advance(): void {
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    try {
      while (this.#isOpen && !this.#input.isEmpty && this.#step());
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#break(error)
    } finally {
      this.#isAdvancing = false
    }
    if (this.#isOpen) this.#flow()
  }

  #step(): boolean {
    const exchange = this.#exchange
    if (exchange === undefined) return this.#readHead()
    if (!exchange.isReading) return false
    const input = this.#input
    input.at = exchange.read(input.chunk, input.at)
    if (exchange.isAnswered) this.#discarded(exchange)
    else if (exchange.isReading) this.#allow('stallMs')
    else this.deadline = NEVER
    return true
  }

  #readHead(): boolean {
    if (this.#input.isBeforeHead) this.#allow('headMs')
    const head = this.#input.readHead()
    if (head === undefined) return false
    this.deadline = NEVER
    const body = new BodyReader(head.framing, this.#parts.bounds, decodeLatin1)
    this.#exchange = new ServerExchange(head, body, this)
    this.#parts.onRequest(this.#exchange, this)
    return true
  }

  #discarded(exchange: ServerExchange): void {
    if (exchange.body.isOver) this.#finish(exchange)
    else if (exchange.bytesDiscarded > LINGER_BYTES) this.cut()
  }

  /** Takes what can be read on from the socket, and no more than one chunk beyond. */
  #flow(): void {
    if (!this.#input.isEmpty) {
      this.socket.pause()
      return
    }
    this.#input.clear()
    if (this.#hasEnded) this.#ended()
    else if (this.socket.isPaused()) this.socket.resume()
  }

  readonly #onDrain = (): void => this.#exchange?.handler.onDrain()

  readonly #onEnd = (): void => {
    this.#hasEnded = true
    this.isClosing = true
    if (this.#input.isEmpty) this.#ended()
  }

  /** The client has ended its side, and all that it sent has been read. */
  #ended(): void {
    const exchange = this.#exchange
    if (exchange === undefined) this.#linger()
    else if (!exchange.body.isOver || this.#parts.endIsLeaving) this.cut()
  }

  readonly #onClose = (): void => {
    const exchange = this.#exchange
    this.#isOpen = false
    this.#exchange = undefined
    this.#letGo()
    if (exchange !== undefined) {
      this.#fail(exchange, 'client-closed')
      exchange.handler.onOver()
    }
    this.#parts.onClose(this)
  }

  /** What came is not HTTP: either it belongs to the request under way, or it is none. */
  #break(error: WireError): void {
    const exchange = this.#exchange
    if (exchange === undefined) this.#refuse(this.#parts.refuse(requestFailure(error), error))
    else if (exchange.isAnswered) this.cut()
    else this.#fail(exchange, requestFailure(error))
  }

  #fail(exchange: ServerExchange, failure: RequestFailure): void {
    if (exchange.hasFailed) return
    exchange.hasFailed = true
    this.isClosing = true
    this.deadline = NEVER
    exchange.handler.onFail(failure)
  }

  #refuse(refusal: Refusal | undefined): void {
    if (refusal === undefined) {
      this.cut()
      return
    }
    const framing = { kind: 'fixed', length: refusal.body.length } as const
    this.writer.begin(formatResponseHead({ ...refusal, framing, connection: 'close' }), framing)
    this.writer.write(refusal.body)
    this.writer.end([])
    this.#linger()
  }

  /** The next request waits until this answer has left: a client that does not read gets no more to read. */
  #finish(exchange: ServerExchange): void {
    if (this.#exchange !== exchange) return
    if (this.socket.writableLength === 0) {
      this.#complete(exchange)
      return
    }
    this.#allow('stallMs')
    this.socket.write('', () => {
      if (this.#exchange === exchange && !this.socket.destroyed) this.#complete(exchange)
    })
  }

  #complete(exchange: ServerExchange): void {
    this.#exchange = undefined
    exchange.handler.onOver()
    if (!this.#isOpen) return
    if (exchange.keepsAlive && !exchange.hasFailed) {
      this.#allow('idleMs')
      this.#advance()
    } else {
      this.#linger()
    }
  }

  #linger(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#letGo()
    new Linger(this.socket, this.#parts.deadlines, this.#parts.timeouts.lingerMs)
  }

  /** Of the socket only the end is heard from here. */
  #letGo(): void {
    this.#parts.deadlines.delete(this)
    this.socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain)
  }

  #allow(time: keyof ServerTimeouts): void {
    this.deadline = this.#parts.deadlines.after(this.#parts.timeouts[time])
  }
}
