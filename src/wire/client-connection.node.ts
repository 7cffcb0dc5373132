import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { WireBounds } from './bounds.ts'
import type { Dialled } from './client-dial.node.ts'
import type { Carrier, ClientExchange, ClientFailureCode } from './client-exchange.node.ts'
import { NEVER, UNWATCHED, type Watched } from './deadlines.ts'
import { decodeLatin1 } from './latin1.node.ts'
import type { LentReads } from './lent-reads.node.ts'
import { MessageWriter } from './message-writer.node.ts'
import type { ResponseHead } from './response-head.ts'
import { ResponseParser, type ResponsePart } from './response-parser.ts'
import { tlsFailure } from './tls-failure.node.ts'
import type { WireError } from './wire-error.ts'

/** Whoever keeps connections for further use. */
export interface ConnectionOwner {
  readonly bounds: WireBounds
  /** The connection has done its work, and can do more. */
  onFree(connection: ClientConnection): void
  /** Called once, after the exchange that it carried has been told. */
  onClosed(connection: ClientConnection): void
}

/** A connection to an endpoint that stands: one exchange at a time. */
export class ClientConnection implements Carrier, Watched {
  readonly #socket: Duplex
  readonly #reads: LentReads
  readonly #owner: ConnectionOwner
  readonly #writer: MessageWriter
  #exchange: ClientExchange | undefined
  #parser: ResponseParser | undefined
  #head: ResponseHead | undefined
  #isReused = false
  #hasEnded = false
  #error: unknown
  /** How long the server keeps it, as it has said. */
  keepAliveMs: number | undefined
  /** When it last became free, on the owner's clock. */
  idleSince = 0
  deadline = NEVER
  watchPlace = UNWATCHED

  constructor({ socket, reads }: Dialled, owner: ConnectionOwner) {
    this.#socket = socket
    this.#reads = reads
    this.#owner = owner
    this.#writer = new MessageWriter(socket, 'given')
    reads.listen(socket, this.#onData)
    socket.on('data', this.#onData).on('end', this.#onEnd).on('drain', this.#onDrain)
    socket.on('error', this.#onError).once('close', this.#onClose)
  }

  /** Nothing has been heard of its end. */
  get isUsable(): boolean {
    return !this.#hasEnded && !this.#socket.destroyed
  }

  send(exchange: ClientExchange): void {
    const { method, framing, upgrade } = exchange.request
    exchange.carrier = this
    this.deadline = NEVER
    this.#exchange = exchange
    this.#head = undefined
    this.#parser = new ResponseParser({ method, upgrade, bounds: this.#owner.bounds, decode: decodeLatin1 })
    if (framing.kind === 'none') this.#writer.writeText(exchange.text)
    else this.#writer.begin(exchange.text, framing)
    exchange.handler.onSent(exchange)
  }

  write(data: Uint8Array): boolean {
    return this.#writer.write(data)
  }

  end(trailers: readonly string[]): void {
    if (this.#writer.isOpen) this.#writer.end(trailers)
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume()
  }

  abort(): void {
    this.#exchange = undefined
    this.#socket.destroy()
  }

  /** Closes it: gently while it is not in use, for TLS wants an alert before (RFC 9112 §9.8). */
  close(): void {
    this.#hasEnded = true
    if (this.#exchange === undefined) this.#socket.end(() => this.#socket.destroy())
    else this.#socket.destroy()
  }

  onDeadline(): void {
    if (this.#exchange === undefined) this.close()
  }

  readonly #onData = (chunk: Uint8Array): void => {
    // Bytes that nobody has asked for would be read as the answer to the next request.
    if (this.#exchange === undefined || this.#parser === undefined) this.#socket.destroy()
    else this.#deliver(this.#parser.feed(chunk), this.#exchange)
  }

  #deliver(parts: readonly ResponsePart[], exchange: ClientExchange): void {
    for (const part of parts) {
      // Aborted by the part before.
      if (this.#exchange !== exchange) return
      switch (part.kind) {
        case 'interim':
          exchange.handler.onInform(part.head.status, part.head.fields)
          break
        case 'head':
          this.#head = part.head
          exchange.handler.onHead(part.head, part !== parts.at(-1))
          break
        case 'data':
          if (!exchange.handler.onData(part.bytes)) this.#socket.pause()
          break
        case 'end':
          this.#finish(exchange, part.trailers, part.rest)
          break
        case 'upgrade':
          this.#handOver(exchange, part.head, part.rest)
          break
        case 'failed':
          this.#fail(failureCode(part.error, this.#head !== undefined), part.error)
      }
    }
  }

  /** Frees the connection first, so that whoever hears of the end finds it free. */
  #finish(exchange: ClientExchange, trailers: readonly string[], rest: Uint8Array): void {
    this.#exchange = undefined
    this.#parser = undefined
    exchange.isOver = true
    exchange.carrier = undefined
    if (this.#isClean(rest)) {
      this.#isReused = true
      this.keepAliveMs = this.#head?.keepAliveMs
      this.resume()
      this.#owner.onFree(this)
    } else {
      this.#socket.destroy()
    }
    exchange.handler.onEnd(trailers)
  }

  /** Both messages are whole, and nothing came after: what did would be read as the answer to the next request. */
  #isClean(rest: Uint8Array): boolean {
    if (this.#head?.keepsAlive !== true || this.#head.framing.kind === 'until-close') return false
    return rest.length === 0 && this.isUsable && !this.#writer.isOpen && this.#socket.writableLength === 0
  }

  #handOver(exchange: ClientExchange, head: ResponseHead, rest: Uint8Array): void {
    this.#exchange = undefined
    exchange.isOver = true
    exchange.carrier = undefined
    const socket = this.#socket
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain).pause()
    // Whoever reads it as a stream pauses it as one.
    const reads = this.#reads
    reads.listen(socket, (bytes) => void socket.push(Buffer.from(bytes)))
    if (rest.length > 0) socket.unshift(Buffer.from(rest))
    exchange.handler.onUpgrade(head, { socket, reads })
  }

  #fail(code: ClientFailureCode, cause: unknown): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    this.#socket.destroy()
    exchange?.fail({ code, wasSent: true, wasReused: this.#isReused, cause })
  }

  readonly #onDrain = (): void => this.#exchange?.handler.onRequestDrain()

  readonly #onEnd = (): void => {
    this.#hasEnded = true
    // An alert is told as an error, and then looks like any other end.
    const isBroken = this.#error !== undefined
    if (isBroken || this.#exchange === undefined || this.#parser === undefined) this.#socket.destroy()
    else this.#deliver(this.#parser.finish(), this.#exchange)
  }

  readonly #onError = (error: Error): void => {
    this.#error = error
  }

  readonly #onClose = (): void => {
    this.#hasEnded = true
    // Of TLS 1.3 a server may refuse our certificate only now.
    const refused = this.#isReused || this.#error === undefined ? undefined : tlsFailure(this.#error)
    this.#fail(this.#head === undefined ? (refused ?? 'connection-lost') : 'response-incomplete', this.#error)
    this.#owner.onClosed(this)
  }
}

function failureCode({ code }: WireError, hasHead: boolean): ClientFailureCode {
  if (hasHead) return 'response-incomplete'
  return code === 'head-incomplete' ? 'connection-lost' : 'response-invalid'
}
