import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Timers } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import { discardBody } from './linger.node.ts'
import { errorReply, responses } from './reply.ts'

export interface DownstreamEnd {
  readonly status: number
  readonly error: ErrorCode | undefined
  readonly bytesSent: number
}

/** The client's side of one exchange. */
export interface Downstream {
  readonly isUpgrade: boolean
  readonly isGone: boolean
  /** An interim response: 103 with its Link fields. */
  hint(headers: readonly string[]): void
  /** @throws when a field cannot be written. */
  head(status: number, headers: readonly string[]): void
  /** @returns false when the client does not keep up; onDrain tells when it does again. */
  write(chunk: Uint8Array): boolean
  end(trailers: readonly string[]): void
  /** Joins the client with an endpoint that has upgraded. */
  join(headers: readonly string[], endpoint: Duplex, onProgress: () => void, onClose: () => void): void
  /** Answers with an error, or cuts the connection when an answer has begun. */
  fail(error: ErrorCode): void
  /** Cuts the connection, whatever has been sent. */
  cut(error: ErrorCode): void
  onDrain(resume: () => void): void
  /** The client left before the end. */
  onGone(gone: () => void): void
}

/** The rest of a body as small as this is read and dropped, for the sake of the connection. */
const SMALL_BODY_BYTES = 65_536

/** An ordinary exchange, over node:http. `ended` is called once, when the last byte is out or the client is gone. */
export class ResponseDownstream implements Downstream {
  readonly isUpgrade = false
  readonly #response: ServerResponse
  readonly #requestId: string
  readonly #timers: Timers
  readonly #isDraining: () => boolean
  #error: ErrorCode | undefined
  #bytesSent = 0

  constructor(
    response: ServerResponse,
    requestId: string,
    isDraining: () => boolean,
    timers: Timers,
    ended: (end: DownstreamEnd) => void,
  ) {
    this.#response = response
    this.#requestId = requestId
    this.#timers = timers
    this.#isDraining = isDraining
    response.once('close', () => {
      const left = this.#error ?? (response.writableFinished ? undefined : 'client-closed')
      const status = response.headersSent ? response.statusCode : responses['client-closed'].status
      ended({ status, error: left, bytesSent: this.#bytesSent })
    })
  }

  get isGone(): boolean {
    return this.#response.destroyed
  }

  hint(headers: readonly string[]): void {
    const links: string[] = []
    for (let i = 0; i + 1 < headers.length; i += 2) {
      if (headers[i]?.toLowerCase() === 'link') links.push(headers[i + 1] ?? '')
    }
    // HTTP/1.0 knows no interim responses (RFC 9110 §15.2).
    if (links.length === 0 || this.#response.req.httpVersion === '1.0') return
    try {
      this.#response.writeEarlyHints({ link: links })
    } catch {
      // A hint that node:http will not write is only a hint lost.
    }
  }

  head(status: number, headers: readonly string[]): void {
    this.#askToLeave()
    // node:http merges fields set before with an array only when it is flat and even, which ours is.
    this.#response.writeHead(status, [...headers])
    // Head and body leave in one packet when they came in one. Otherwise the head goes alone: an SSE client waits
    // for it, not for the first event.
    queueMicrotask(() => {
      if (this.#bytesSent === 0) this.#response.flushHeaders()
    })
  }

  write(chunk: Uint8Array): boolean {
    this.#bytesSent += chunk.length
    return this.#response.write(chunk)
  }

  end(trailers: readonly string[]): void {
    const response = this.#response
    const pairs: [string, string][] = []
    for (let i = 0; i + 1 < trailers.length; i += 2) pairs.push([trailers[i] ?? '', trailers[i + 1] ?? ''])
    try {
      if (pairs.length > 0) response.addTrailers(pairs)
    } catch {
      // The body is whole; trailers that cannot be written are left out (RFC 9110 §6.5.1 lets a recipient drop them).
    }
    response.end()
    this.#dropRest()
  }

  join(): void {
    this.fail('internal')
  }

  fail(error: ErrorCode): void {
    const { req: request } = this.#response
    if (this.#response.headersSent || error === 'client-closed') {
      this.cut(error)
      return
    }
    this.#error = error
    const reply = errorReply(error, this.#requestId)
    this.#bytesSent = reply.body.length
    this.#askToLeave()
    if (!hasMore(request) || isSmall(request)) {
      this.#response.writeHead(reply.status, [...reply.headers])
      this.#response.end(reply.body)
      this.#dropRest()
      return
    }
    this.#response.writeHead(reply.status, [...reply.headers, 'Connection', 'close'])
    this.#response.write(reply.body)
    // The client has its whole answer by now. node:http closes at end(), and would close on bytes unread.
    discardBody(request, this.#timers, () => void this.#response.end())
  }

  cut(error: ErrorCode): void {
    this.#error ??= error
    this.#response.destroy()
  }

  onDrain(resume: () => void): void {
    this.#response.on('drain', resume)
  }

  onGone(gone: () => void): void {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) gone()
    })
  }

  /** Looked at when the answer begins: the drain may have, too, since the request came. */
  #askToLeave(): void {
    if (this.#isDraining()) this.#response.setHeader('Connection', 'close')
  }

  /** The answer came before the request's end: its rest is dropped, or the connection would never be free again. */
  #dropRest(): void {
    const { req: request } = this.#response
    if (!hasMore(request)) return
    discardBody(request, this.#timers, () => {
      if (!request.complete) request.socket.destroy()
    })
  }
}

function hasMore(request: IncomingMessage): boolean {
  const { headers, complete } = request
  return !complete && (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined)
}

function isSmall({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length']) <= SMALL_BODY_BYTES
}
