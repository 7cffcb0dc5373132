import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { BodyReader } from './body-reader.ts'
import { valuesOf } from './fields.ts'
import { type Framing, parseLength } from './framing.ts'
import type { MessageWriter } from './message-writer.node.ts'
import type { ReceivedRequest } from './request-parser.ts'
import { formatInterimHead, formatResponseHead, formatUpgradeHead } from './response-text.ts'
import { nobody, type RequestHandler } from './server-handler.ts'
import { WireError } from './wire-error.ts'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** What an exchange asks of its connection. */
export interface ExchangePlace {
  readonly writer: MessageWriter
  readonly isClosing: boolean
  /** The exchange wants its body, or an end of it. */
  wake(): void
  /** The answer's last byte is written. */
  answered(exchange: ServerExchange): void
  /** Gives the bare connection away. */
  release(): Duplex
  cut(): void
}

/** One request on a connection, and its answer. Its body is not read before {@link resume}. */
export class ServerExchange {
  readonly head: ReceivedRequest
  /** Of the connection's own use, like all below: */
  readonly body: BodyReader
  /** Hears of everything that happens; set it before anything else is called. */
  handler: RequestHandler = nobody
  readonly #place: ExchangePlace
  #keepsAlive: boolean
  #isBegun = false
  wantsBody = false
  isAnswered = false
  hasFailed = false
  bytesDiscarded = 0
  fault: WireError | undefined

  constructor(head: ReceivedRequest, body: BodyReader, place: ExchangePlace) {
    this.head = head
    this.body = body
    this.#place = place
    this.#keepsAlive = head.keepsAlive && head.method !== 'CONNECT'
  }

  /** Whether the connection may go on after the answer. */
  get keepsAlive(): boolean {
    return this.#keepsAlive
  }

  /** A final response has been begun. */
  get isBegun(): boolean {
    return this.#isBegun
  }

  get #isAnswering(): boolean {
    return this.#isBegun && !this.isAnswered
  }

  /** Content of the answer that has been written, until the next request's. */
  get bytesSent(): number {
    return this.#isBegun ? this.#place.writer.bytes : 0
  }

  get isReading(): boolean {
    return this.wantsBody && !this.hasFailed && !this.body.isOver
  }

  /** Hands on what is there of the body, up to its end or a {@link fault}. @returns how far it was read */
  read(chunk: Uint8Array, at: number): number {
    const pieces: Uint8Array[] = []
    let end = at
    try {
      end = this.body.feed(chunk, at, pieces)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.fault = error
    }
    for (const piece of pieces) {
      if (!this.isAnswered && !this.handler.onBody(piece)) this.wantsBody = false
    }
    if (this.isAnswered) this.bytesDiscarded += end - at
    else if (this.body.isOver) this.handler.onBodyEnd(this.body.trailers)
    return end
  }

  /** Asks for the body, or for more of it. A client that waits for 100 (RFC 9110 §10.1.1) gets it at the first. */
  resume(): void {
    if (this.wantsBody || this.body.isOver || this.isAnswered) return
    if (this.head.expectation === 'continue' && this.body.isUntouched && !this.#isBegun) {
      this.#place.writer.writeText(CONTINUE)
    }
    this.wantsBody = true
    this.#place.wake()
  }

  /**
   * Writes an interim response; none to HTTP/1.0, which knows none (RFC 9110 §15.2).
   * @throws WireError when a field cannot be written
   */
  inform(status: number, fields: readonly string[]): void {
    if (this.head.minorVersion === 0 || this.#isBegun) return
    this.#place.writer.writeText(formatInterimHead(status, STATUS_CODES[status] ?? '', fields))
  }

  /**
   * Begins the answer. Its framing follows from the status, the method and the Content-Length among the fields.
   * @param isLast the connection closes after it
   * @param hasMore a write or the end follows at once
   * @throws WireError when something of it cannot be written: then nothing has been
   */
  respond(status: number, fields: readonly string[], isLast = false, hasMore = false): void {
    if (this.#isBegun) throw new Error('Cannot begin an answer: one has been begun')
    const announced = announcedFraming(this.head, status, fields)
    const keeps = this.#keepsAlive && !isLast && !this.#place.isClosing && announced.kind !== 'until-close'
    const isPromised = this.head.expectation === 'continue' && this.body.isUntouched && !this.body.isOver
    const connection = keeps && !isPromised ? (this.head.saysKeepAlive ? 'keep-alive' : '') : 'close'
    const reason = STATUS_CODES[status] ?? ''
    const text = formatResponseHead({ status, reason, fields, framing: announced, connection })
    this.#keepsAlive = connection !== 'close'
    this.#isBegun = true
    const isBodiless = this.head.method === 'HEAD' || status === 304
    this.#place.writer.begin(text, isBodiless ? NONE : announced, hasMore)
  }

  /**
   * @returns false when the client does not keep up; {@link RequestHandler.onDrain} tells when it does again
   * @throws WireError when this is more than the Content-Length
   */
  write(data: Uint8Array): boolean {
    // The writer may be another's by now.
    return !this.#isAnswering || this.#place.writer.write(data)
  }

  /**
   * Ends the answer. Trailers that cannot go, as after a known length, are left out (RFC 9110 §6.5.1).
   * @throws WireError when it is shorter than its Content-Length: cut() it
   */
  end(trailers: readonly string[]): void {
    if (!this.#isAnswering) return
    this.#place.writer.end(trailers)
    this.isAnswered = true
    this.#place.answered(this)
  }

  /**
   * Answers 101, and hands the connection over, paused: with it go its errors and its end, and nothing more is called
   * here. What the client has sent beyond its request is in front again.
   * @throws WireError when a field cannot be written, or the request's own body is still to come
   */
  upgrade(protocol: string, fields: readonly string[]): Duplex {
    if (!this.body.isOver || this.#isBegun) {
      throw new WireError('upgrade-invalid', 'Cannot upgrade a connection: its request is not over')
    }
    const text = formatUpgradeHead(protocol, fields)
    // RFC 9110 §7.8: who expects 100 hears it before 101, also where no body was to follow.
    this.#place.writer.writeText(this.head.expectation === 'continue' ? CONTINUE + text : text)
    this.#isBegun = true
    return this.#place.release()
  }

  /** Cuts the connection, whatever has been sent: all that tells a client that its answer is not whole. */
  cut(): void {
    this.#place.cut()
  }
}

const NONE = { kind: 'none' } as const

/** @throws WireError */
function announcedFraming(head: ReceivedRequest, status: number, fields: readonly string[]): Framing {
  if (status < 200 || status === 204) return NONE
  const lengths = valuesOf(fields, 'content-length')
  if (lengths.length > 1) {
    throw new WireError('length-conflicting', `Cannot write a response: ${lengths.length} Content-Lengths`)
  }
  if (lengths[0] !== undefined) return { kind: 'fixed', length: parseLength(lengths[0]) }
  if (head.method === 'HEAD' || status === 304) return NONE
  return head.minorVersion === 1 ? { kind: 'chunked' } : { kind: 'until-close' }
}
