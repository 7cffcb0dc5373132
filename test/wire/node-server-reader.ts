import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { wireBounds } from '../../src/wire/bounds.ts'

export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  readonly fields: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

/** Reads connections with node:http's own parser, in its strict mode. */
export class NodeServerReader {
  readonly #server: Server
  /** In the order of their heads; undefined until they are whole. */
  #seen: (SeenRequest | undefined)[] = []
  #isServing = false

  constructor() {
    this.#server = createServer({
      insecureHTTPParser: false,
      requireHostHeader: false,
      maxHeaderSize: wireBounds.headBytes * 4,
      shouldUpgradeCallback: () => false,
    })
    this.#server.maxHeadersCount = 0
    const answer = (request: IncomingMessage, response: { end(): unknown }): void =>
      void this.#collect(request).then(() => response.end())
    this.#server.on('request', answer).on('checkExpectation', answer)
    this.#server.on('connect', (request, socket) => {
      this.#seen.push(seenOf(request, ''))
      socket.destroy()
    })
    this.#server.on('clientError', (error: Error & { code?: string }, socket) => {
      // That a connection ends early is no fault in what was sent.
      if (error.code?.startsWith('HPE_') && error.code !== 'HPE_INVALID_EOF_STATE')
        this.faults.push(error.code)
      // What came whole before is still on its way to its listener.
      if (this.#isServing) socket.destroy()
    })
  }

  /** What it could not read as a request. */
  readonly faults: string[] = []

  /** Every whole request so far. */
  get whole(): SeenRequest[] {
    return this.#seen.filter((one) => one !== undefined)
  }

  /** Answers what comes on a connection. */
  serve(socket: Duplex): void {
    this.#isServing = true
    this.#server.emit('connection', socket)
  }

  /** Every whole request on a connection with these bytes. */
  async read(text: string): Promise<SeenRequest[]> {
    this.#seen = []
    const seen = this.#seen
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    socket.on('error', () => {})
    this.#server.emit('connection', socket)
    socket.push(Buffer.from(text, 'latin1'))
    // All of it happens in this process: what has not come after a turn of the event loop will not.
    await setImmediate()
    await setImmediate()
    socket.destroy()
    return seen.filter((one) => one !== undefined)
  }

  async #collect(request: IncomingMessage): Promise<void> {
    const seen = this.#seen
    const place = seen.push(undefined) - 1
    let body = ''
    request.setEncoding('latin1').on('data', (chunk) => {
      body += chunk
    })
    await new Promise<void>((resolve) => {
      request.once('end', () => {
        seen[place] = seenOf(request, body)
        resolve()
      })
    })
  }
}

function seenOf(request: IncomingMessage, body: string): SeenRequest {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    version: request.httpVersion,
    fields: request.rawHeaders,
    body,
    trailers: request.rawTrailers,
  }
}
