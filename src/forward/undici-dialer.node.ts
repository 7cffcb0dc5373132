import type { Duplex, Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import { asError } from '../model/as-error.ts'
import type { AttemptErrorCode } from '../model/errors.ts'
import { formatAuthority } from '../model/host.ts'
import type { Attempt, AttemptEvents, AttemptRequest, Dialer } from './attempt.ts'
import { responseHeaders, trailerFields } from './headers.ts'

export interface UndiciDialerOptions {
  readonly connectTimeoutMs: number
}

/** How long idle connections are kept for requests that may be sent again. */
const KEEP_ALIVE_MS = 60_000
/** Others avoid connections that have idled longer: the endpoint may be closing one as we write. */
const FRESH_MS = 1_000

/** Reaches endpoints with undici's `dispatch`: pooled, keep-alive HTTP/1.1, no pipelining. */
export class UndiciDialer implements Dialer<Readable, Duplex> {
  readonly #idempotent: Agent
  readonly #fresh: Agent

  constructor({ connectTimeoutMs }: UndiciDialerOptions) {
    const options: Agent.Options = {
      connect: { timeout: connectTimeoutMs },
      // Deadlines are the gateway's: one clock for the whole request.
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      pipelining: 1,
    }
    this.#idempotent = new Agent({
      ...options,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    })
    this.#fresh = new Agent({ ...options, keepAliveTimeout: FRESH_MS, keepAliveMaxTimeout: FRESH_MS })
  }

  attempt(request: AttemptRequest<Readable>, events: AttemptEvents<Duplex>): Attempt {
    const handler = new Handler(events)
    const agent = request.isIdempotent ? this.#idempotent : this.#fresh
    handler.dispatch(() =>
      agent.dispatch(
        {
          origin: `http://${formatAuthority(request.address, request.port)}`,
          method: request.method,
          path: request.path,
          headers: [...request.headers],
          body: request.body,
          upgrade: request.upgrade ?? null,
        },
        handler,
      ),
    )
    return handler
  }

  async close(): Promise<void> {
    await Promise.all([this.#idempotent.destroy(), this.#fresh.destroy()])
  }
}

class Handler implements Dispatcher.DispatchHandler, Attempt {
  readonly #events: AttemptEvents<Duplex>
  #controller: Dispatcher.DispatchController | undefined
  #isDispatching = false
  #isOver = false
  #hasHead = false

  constructor(events: AttemptEvents<Duplex>) {
    this.#events = events
  }

  dispatch(start: () => void): void {
    this.#isDispatching = true
    try {
      start()
    } catch (error) {
      this.onResponseError(undefined, asError(error))
    }
    this.#isDispatching = false
  }

  resume(): void {
    if (this.#controller?.paused) this.#controller.resume()
  }

  abort(): void {
    this.#isOver = true
    this.#controller?.abort(new Error('the gateway ended the attempt'))
  }

  /** The connection stands and the request is about to be written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isOver) controller.abort(new Error('the gateway ended the attempt'))
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.#isOver || (status < 200 && status !== 103)) return
    const headers = responseHeaders(asText(controller.rawHeaders), status)
    if (status === 103) {
      this.#events.onHint(headers)
      return
    }
    this.#hasHead = true
    this.#events.onHead(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (!this.#isOver && !this.#events.onData(chunk)) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#events.onEnd(trailerFields(asText(controller.rawTrailers)))
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    _fields: unknown,
    socket: Duplex,
  ): void {
    if (this.#isOver) {
      socket.destroy()
      return
    }
    this.#isOver = true
    this.#events.onUpgrade(responseHeaders(asText(controller.rawHeaders), status), socket)
  }

  onResponseError(controller: unknown, error: Error): void {
    // undici refuses at once what it will not write, for example a path with a control character.
    if (this.#isDispatching) {
      queueMicrotask(() => this.onResponseError(controller, error))
      return
    }
    if (this.#isOver) return
    this.#isOver = true
    const code = this.#hasHead ? 'response-incomplete' : errorCode(error, this.#controller !== undefined)
    this.#events.onError({ code, wasSent: this.#controller !== undefined, cause: error })
  }
}

/** undici's and the kernel's names for what went wrong, as ours. */
function errorCode(error: Error, wasSent: boolean): AttemptErrorCode {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'ECONNREFUSED') return 'connect-refused'
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || (code === 'ETIMEDOUT' && !wasSent)) return 'connect-timeout'
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL')
    return 'endpoint-unreachable'
  if (
    error.name === 'HTTPParserError' ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    error.message === 'bad response'
  ) {
    return 'response-invalid'
  }
  return 'connection-lost'
}

function asText(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  // HTTP fields are latin1 on the wire; both node:http and undici keep the bytes that way.
  return Array.isArray(raw)
    ? raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
    : []
}
