import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../model/errors.ts'
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
  head(status: number, headers: readonly string[]): void
  /** @returns false when the client does not keep up; onDrain tells when it does again. */
  write(chunk: Uint8Array): boolean
  end(trailers: readonly string[]): void
  /** Joins the client with an endpoint that has upgraded. */
  join(headers: readonly string[], endpoint: Duplex, onProgress: () => void, onClose: () => void): void
  /** Answers with an error, or cuts the connection when an answer has begun. */
  fail(error: ErrorCode): void
  onDrain(resume: () => void): void
  /** The client left before the end. */
  onGone(gone: () => void): void
}

/** An ordinary exchange, over node:http. `ended` is called once, when the last byte is out or the client is gone. */
export class ResponseDownstream implements Downstream {
  readonly isUpgrade = false
  readonly #response: ServerResponse
  readonly #requestId: string
  #error: ErrorCode | undefined
  #bytesSent = 0

  constructor(
    response: ServerResponse,
    requestId: string,
    isDraining: () => boolean,
    ended: (end: DownstreamEnd) => void,
  ) {
    this.#response = response
    this.#requestId = requestId
    if (isDraining()) response.setHeader('Connection', 'close')
    response.once('close', () => {
      const left = this.#error ?? (response.writableFinished ? undefined : 'client-closed')
      const status = response.headersSent ? response.statusCode : responses['client-closed'].status
      ended({ status, error: left, bytesSent: this.#bytesSent })
    })
  }

  get isGone(): boolean {
    return this.#response.destroyed
  }

  head(status: number, headers: readonly string[]): void {
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
    const pairs: [string, string][] = []
    for (let i = 0; i + 1 < trailers.length; i += 2) pairs.push([trailers[i] ?? '', trailers[i + 1] ?? ''])
    try {
      if (pairs.length > 0) this.#response.addTrailers(pairs)
    } catch {
      // The body is whole; trailers that cannot be written are left out (RFC 9110 §6.5.1 lets a recipient drop them).
    }
    this.#response.end()
  }

  join(): void {
    this.fail('internal')
  }

  fail(error: ErrorCode): void {
    this.#error = error
    if (this.#response.headersSent || error === 'client-closed') {
      this.#response.destroy()
      return
    }
    const reply = errorReply(error, this.#requestId)
    // What is left of the request's body is not worth reading.
    const close = hasMore(this.#response.req) ? ['Connection', 'close'] : []
    this.#response.writeHead(reply.status, [...reply.headers, ...close])
    this.#bytesSent = reply.body.length
    this.#response.end(reply.body)
  }

  onDrain(resume: () => void): void {
    this.#response.on('drain', resume)
  }

  onGone(gone: () => void): void {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) gone()
    })
  }
}

function hasMore(request: IncomingMessage): boolean {
  const { headers, complete } = request
  return !complete && (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined)
}
