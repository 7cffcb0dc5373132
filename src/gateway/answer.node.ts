import { Buffer } from 'node:buffer'
import { replaceField, responseHeaders, trailerFields } from '../forward/headers.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { RequestEnd } from '../telemetry/observer.ts'
import type { Dialled } from '../wire/client-dial.node.ts'
import type { Deadlines } from '../wire/deadlines.ts'
import type { ServerExchange } from '../wire/server-exchange.node.ts'
import { WireError } from '../wire/wire-error.ts'
import type { DateField } from './date-field.node.ts'
import { errorReply, responses } from './reply.ts'
import type { Reply } from './road.ts'
import { Tunnel, type TunnelListener } from './tunnel.node.ts'

/** The rest of a body as small as this is read and dropped, for the sake of the connection. */
const SMALL_BODY_BYTES = 65_536
const HSTS = 'Strict-Transport-Security'

/** What an error's answer has besides. */
export type ErrorFacts = Pick<Reply, 'fields' | 'given'>

export interface AnswerParts {
  readonly date: DateField
  readonly deadlines: Deadlines
}

/** What one client gets: an endpoint's answer, or an error's. Fields are [name, value, …] as the endpoint sent them. */
export class Answer {
  readonly #down: ServerExchange
  readonly #requestId: string
  readonly #parts: AnswerParts
  readonly #isLast: boolean
  #tunnel: Tunnel | undefined
  #received: readonly string[] = []
  /** Strict-Transport-Security, instead of what the endpoint says. */
  hsts: string | undefined
  /** Undefined before it has begun. */
  status: number | undefined
  /** The client does not keep up: a stall is its own. */
  isBlocked = false
  error: ErrorCode | undefined

  /** @param isLast the connection closes after it */
  constructor(down: ServerExchange, requestId: string, parts: AnswerParts, isLast: boolean) {
    this.#down = down
    this.#requestId = requestId
    this.#parts = parts
    this.#isLast = isLast
  }

  /** An interim response of the endpoint's. */
  inform(status: number, fields: readonly string[]): void {
    // It has been read by the same rules as it is written by: no field of it can be refused.
    this.#down.inform(status, responseHeaders(fields, status))
  }

  /**
   * @param more what the client is told besides, as [name, value, …]
   * @param hasMore a write or the end follows at once
   * @returns false when it cannot be written: then nothing has been
   */
  begin(status: number, fields: readonly string[], more: readonly string[], hasMore: boolean): boolean {
    this.#received = fields
    try {
      const kept = this.#parts.date.addTo(this.#fieldsOf(fields, status))
      this.#down.respond(status, more.length === 0 ? kept : [...kept, ...more], this.#isLast, hasMore)
    } catch (error) {
      if (error instanceof WireError) return false
      throw error
    }
    this.status = status
    return true
  }

  /** Of what its head has promised. @returns false when the client does not keep up */
  write(data: Uint8Array): boolean {
    this.isBlocked = !this.#down.write(data)
    return !this.isBlocked
  }

  end(trailers: readonly string[]): void {
    this.#down.end(trailerFields(trailers, this.#received))
  }

  /** Joins the client with an endpoint that has upgraded. @returns false when the 101 cannot be written */
  join(fields: readonly string[], endpoint: Dialled, listener: TunnelListener): boolean {
    try {
      const client = this.#down.upgrade('websocket', responseHeaders(fields, 101))
      this.#tunnel = new Tunnel(client, endpoint, this.#parts.deadlines, listener)
    } catch (error) {
      if (error instanceof WireError) return false
      throw error
    }
    this.status = 101
    return true
  }

  /** Answers with an error, or cuts the connection when an answer has begun. */
  fail(error: ErrorCode, { fields: more, given }: ErrorFacts = {}): void {
    if (this.#down.isBegun || error === 'client-closed') {
      this.cut(error)
      return
    }
    this.error = error
    const { status, headers, body } = errorReply(error, this.#requestId, this.#withHsts(more), given)
    const fields = [...headers, 'Date', this.#parts.date.value]
    this.#down.respond(status, fields, this.#isLast || !this.#endsSoon(), true)
    this.status = status
    this.#down.write(typeof body === 'string' ? Buffer.from(body, 'latin1') : body)
    this.#down.end([])
  }

  /** Cuts the connection, whatever has been sent. */
  cut(error: ErrorCode): void {
    this.error ??= error
    this.#down.cut()
  }

  /** What it came to. A client that left before there was an answer has a status for the log only. */
  get outcome(): Omit<RequestEnd, 'bytesReceived'> {
    const { error, status = responses['client-closed'].status } = this
    return { status, error, bytesSent: this.#tunnel?.bytesSent ?? this.#down.bytesSent }
  }

  #fieldsOf(received: readonly string[], status: number): string[] {
    const fields = responseHeaders(received, status)
    return this.hsts === undefined ? fields : replaceField(fields, HSTS, this.hsts)
  }

  #withHsts(fields: readonly string[] = []): readonly string[] {
    return this.hsts === undefined ? fields : [...fields, HSTS, this.hsts]
  }

  #endsSoon(): boolean {
    const { body, head } = this.#down
    if (body.isOver) return true
    return head.framing.kind === 'fixed' && head.framing.length <= SMALL_BODY_BYTES
  }
}
