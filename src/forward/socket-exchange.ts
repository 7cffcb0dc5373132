import type { AttemptErrorCode } from '../model/errors.ts'
import type { WireBounds } from '../wire/bounds.ts'
import type { RequestFraming } from '../wire/framing.ts'
import { ResponseParser, type ResponsePart } from '../wire/response-parser.ts'
import type { WireError } from '../wire/wire-error.ts'
import type { AttemptFailure, AttemptRequest } from './attempt.ts'
import { AttemptError, closeSocket, type OpenOptions, type SocketDuplex, startWith } from './socket.ts'
import { sendBody } from './socket-body.ts'

export interface SocketFetchOptions extends OpenOptions {
  /** 103 Early Hints, any number before the response. */
  readonly onHint: (headers: readonly string[]) => void
}

/** Headers are [name, value, …] as the endpoint sent them: `responseHeaders` and `trailerFields` clean them. */
export type SocketFetchResult =
  | {
      readonly kind: 'response'
      readonly status: number
      readonly headers: readonly string[]
      /** Null where a response has none (HEAD, 204, 304). Errors with an {@link AttemptError}; cancel it to leave. */
      readonly body: ReadableStream<Uint8Array> | null
      /** What followed the body. Empty until it has ended. */
      readonly trailers: () => readonly string[]
    }
  /** 101. The connection is the caller's, who must close it. */
  | { readonly kind: 'upgrade'; readonly headers: readonly string[]; readonly socket: SocketDuplex }
  | { readonly kind: 'failed'; readonly failure: AttemptFailure }

/** A connection that stands, from the request's first byte to the response's last, or to an upgrade. */
export class SocketExchange {
  readonly #socket: SocketDuplex
  readonly #options: SocketFetchOptions
  readonly #parser: ResponseParser
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #source: ReadableStreamDefaultReader<Uint8Array> | undefined
  readonly #result = Promise.withResolvers<SocketFetchResult>()
  #body: ReadableStreamDefaultController<Uint8Array> | undefined
  #hasHead = false
  #isOver = false
  /** The client has been given what it asked for. */
  #isFed = false
  #trailers: readonly string[] = []

  constructor(
    socket: SocketDuplex,
    { method, upgrade, body }: AttemptRequest<ReadableStream<Uint8Array>>,
    options: SocketFetchOptions,
    bounds: WireBounds,
  ) {
    this.#socket = socket
    this.#options = options
    this.#parser = new ResponseParser({ method, upgrade, bounds })
    this.#reader = socket.readable.getReader()
    this.#writer = socket.writable.getWriter()
    this.#source = body?.getReader()
  }

  /** @throws AttemptError when it fails before the response's head */
  start(head: Uint8Array, framing: RequestFraming): Promise<SocketFetchResult> {
    const { signal } = this.#options
    signal.addEventListener('abort', this.#onAbort)
    if (signal.aborted) this.#onAbort()
    void this.#send(head, framing)
    void this.#advance(() => this.#hasHead)
    return this.#result.promise
  }

  async #send(head: Uint8Array, framing: RequestFraming): Promise<void> {
    try {
      await this.#writer.write(head)
      if (this.#source !== undefined) await sendBody(this.#source, framing, this.#writer)
    } catch (error) {
      if (error instanceof AttemptError) this.#fail(error)
      // Otherwise the endpoint reads no more. It may have answered before (413, for example): what it sent is read.
    }
  }

  /** Reads on until there is something to hand out. */
  async #advance(isEnough: () => boolean): Promise<void> {
    while (!this.#isOver && !isEnough()) {
      try {
        const { done, value } = await this.#reader.read()
        if (this.#isOver) return
        for (const part of done ? this.#parser.finish() : this.#parser.feed(value)) this.#deliver(part)
      } catch (cause) {
        this.#failWith(this.#hasHead ? 'response-incomplete' : 'connection-lost', cause)
      }
    }
  }

  #deliver(part: ResponsePart): void {
    if (this.#isOver) return
    switch (part.kind) {
      case 'interim':
        if (part.head.status === 103) this.#options.onHint(part.head.fields)
        break
      case 'head':
        this.#answer(part)
        break
      case 'data':
        this.#isFed = true
        this.#body?.enqueue(part.bytes)
        break
      case 'end':
        this.#trailers = part.trailers
        this.#body?.close()
        this.#close()
        break
      case 'upgrade':
        this.#handOver(part.head.fields, part.rest)
        break
      case 'failed':
        this.#failWith(failureCode(part.error, this.#hasHead), part.error)
    }
  }

  #answer({ head }: Extract<ResponsePart, { kind: 'head' }>): void {
    this.#hasHead = true
    this.#result.resolve({
      kind: 'response',
      status: head.status,
      headers: head.fields,
      body: head.framing.kind === 'none' ? null : this.#openBody(),
      trailers: () => this.#trailers,
    })
  }

  /** Without a queue of its own: the endpoint is read when the client wants more. */
  #openBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller
        },
        pull: () => {
          this.#isFed = false
          return this.#advance(() => this.#isFed)
        },
        cancel: () => this.#close(),
      },
      { highWaterMark: 0 },
    )
  }

  readonly #onAbort = (): void => this.#failWith('client-closed', this.#options.signal.reason)

  #failWith(code: AttemptErrorCode, cause: unknown): void {
    this.#fail(new AttemptError({ code, wasSent: true, cause }))
  }

  #fail(error: AttemptError): void {
    if (this.#isOver) return
    this.#close()
    if (this.#hasHead) this.#body?.error(error)
    else this.#result.reject(error)
  }

  /** What the endpoint has not read of the request by now, it does not need. */
  #close(): void {
    this.#finish()
    const reason = new Error('the exchange is over')
    this.#source?.cancel(reason).catch(() => {})
    this.#writer.abort(reason).catch(() => {})
    this.#reader.cancel(reason).catch(() => {})
    closeSocket(this.#socket)
  }

  #finish(): void {
    this.#isOver = true
    this.#options.signal.removeEventListener('abort', this.#onAbort)
  }

  /** Hands the connection over, with what has been read of the new protocol in front. */
  #handOver(headers: readonly string[], rest: Uint8Array): void {
    this.#finish()
    this.#writer.releaseLock()
    this.#reader.releaseLock()
    const { readable, writable } = this.#socket
    const socket: SocketDuplex = {
      readable: rest.length === 0 ? readable : startWith(rest, readable),
      writable,
      close: () => closeSocket(this.#socket),
    }
    this.#result.resolve({ kind: 'upgrade', headers, socket })
  }
}

function failureCode({ code }: WireError, hasHead: boolean): AttemptErrorCode {
  if (hasHead) return 'response-incomplete'
  return code === 'head-incomplete' ? 'connection-lost' : 'response-invalid'
}
