import type { AttemptErrorCode } from '../model/errors.ts'
import type { Dialled } from './client-dial.node.ts'
import type { RequestFraming } from './framing.ts'
import type { ResponseHead } from './response-head.ts'

/** What goes out on a connection. The head is ours: see {@link RequestHead}. */
export interface ClientRequest {
  readonly method: string
  readonly target: string
  /** [name, value, …] with Host; the framing's own length may be among them. */
  readonly fields: readonly string[]
  readonly framing: RequestFraming
  /** The protocol to change to, for example `websocket`. */
  readonly upgrade: string | undefined
  /** RFC 9110 §9.2.2: others avoid connections that have idled, which the server may be closing as we write. */
  readonly isIdempotent: boolean
}

export type ClientFailureCode = Extract<
  AttemptErrorCode,
  | 'request-invalid'
  | 'connect-refused'
  | 'connect-timeout'
  | 'endpoint-unreachable'
  | 'tls-certificate-error'
  | 'tls-protocol-error'
  | 'tls-alert-received'
  | 'connection-lost'
  | 'response-invalid'
  | 'response-incomplete'
>

export interface ClientFailure {
  readonly code: ClientFailureCode
  /** Whether a byte of the request may have reached the server. */
  readonly wasSent: boolean
  /** Whether the connection had served others before: a loss may mean no more than that it had idled too long. */
  readonly wasReused: boolean
  readonly cause: unknown
}

/**
 * Who asked: what a connection tells it. Nothing but onSent comes before send() has returned. Exactly one of onEnd,
 * onUpgrade and onError is called last, and nothing after abort().
 */
export interface ResponseHandler {
  /** The connection stands and the head is on its way: the body may follow. */
  onSent(exchange: ClientExchange): void
  /** The server takes more of the body, after a write that has returned false. */
  onRequestDrain(): void
  /** An interim response; 100 is among them. */
  onInform(status: number, fields: readonly string[]): void
  /** @param hasMore the body's beginning, or the end, follows at once */
  onHead(head: ResponseHead, hasMore: boolean): void
  /**
   * The data is never empty, and lent: another's when this returns.
   * @returns false to pause until {@link ClientExchange.resume}
   */
  onData(data: Uint8Array): boolean
  onEnd(trailers: readonly string[]): void
  /**
   * 101. The connection is the handler's, paused, with what has come of the new protocol in front. What comes then is pushed
   * into the stream, unless the handler listens to the reads itself.
   */
  onUpgrade(head: ResponseHead, connection: Dialled): void
  onError(failure: ClientFailure): void
}

/** What an exchange asks of the connection that carries it. */
export interface Carrier {
  write(data: Uint8Array): boolean
  end(trailers: readonly string[]): void
  resume(): void
  abort(): void
}

/** One request to an endpoint, and its answer. */
export class ClientExchange {
  readonly request: ClientRequest
  /** The request's head, as it is written. */
  readonly text: string
  readonly handler: ResponseHandler
  /** The connection, or the queue for one. */
  carrier: Carrier | undefined
  isOver = false

  constructor(request: ClientRequest, text: string, handler: ResponseHandler) {
    this.request = request
    this.text = text
    this.handler = handler
  }

  /**
   * Writes a piece of the body, after {@link ResponseHandler.onSent}.
   * @returns false when the server does not keep up
   * @throws WireError when this is more than the request's length
   */
  write(data: Uint8Array): boolean {
    return this.carrier?.write(data) ?? true
  }

  /** Ends the body. @throws WireError when it is shorter than the request's length: then abort(). */
  end(trailers: readonly string[]): void {
    this.carrier?.end(trailers)
  }

  resume(): void {
    this.carrier?.resume()
  }

  /** Ends the exchange, and the connection that it uses. */
  abort(): void {
    if (this.isOver) return
    this.isOver = true
    this.carrier?.abort()
    this.carrier = undefined
  }

  fail(failure: ClientFailure): void {
    if (this.isOver) return
    this.isOver = true
    this.carrier = undefined
    this.handler.onError(failure)
  }
}
