import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../model/errors.ts'
import type { Downstream, DownstreamEnd } from './downstream.node.ts'
import { errorReply, responses } from './reply.ts'

/** An exchange that asked for an upgrade: node:http hands over the bare socket, so heads are written here. */
export class UpgradeDownstream implements Downstream {
  readonly isUpgrade = true
  readonly #socket: Duplex
  readonly #requestId: string
  #status = responses['client-closed'].status
  #error: ErrorCode | undefined
  #isBegun = false
  #isEnded = false
  #bytesSent = 0

  constructor(socket: Duplex, requestId: string, ended: (end: DownstreamEnd) => void) {
    this.#socket = socket
    this.#requestId = requestId
    // Whatever it is, 'close' follows.
    socket.on('error', () => {})
    socket.once('close', () => {
      const error = this.#error ?? (this.#isBegun ? undefined : 'client-closed')
      ended({ status: this.#status, error, bytesSent: this.#bytesSent })
    })
  }

  get isGone(): boolean {
    return this.#socket.destroyed
  }

  /** The endpoint did not upgrade: its answer goes on, delimited by the end of the connection. */
  head(status: number, headers: readonly string[]): void {
    this.#writeHead(status, [...headers, 'Connection', 'close'])
  }

  write(chunk: Uint8Array): boolean {
    this.#bytesSent += chunk.length
    return this.#socket.write(chunk)
  }

  end(): void {
    this.#isEnded = true
    this.#socket.end()
  }

  join(headers: readonly string[], endpoint: Duplex, onProgress: () => void, onClose: () => void): void {
    // From here on either side may leave first: that is how a WebSocket ends.
    this.#isEnded = true
    this.#writeHead(101, [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'])
    endpoint.on('error', () => {})
    endpoint.on('data', (chunk: Uint8Array) => {
      this.#bytesSent += chunk.length
      onProgress()
    })
    this.#socket.on('data', onProgress)
    endpoint.pipe(this.#socket)
    this.#socket.pipe(endpoint)
    endpoint.once('close', () => {
      this.#socket.end()
      onClose()
    })
    this.#socket.once('close', () => void endpoint.destroy())
  }

  fail(error: ErrorCode): void {
    this.#error = error
    this.#isEnded = true
    if (this.#isBegun || error === 'client-closed') {
      this.#socket.destroy()
      return
    }
    const reply = errorReply(error, this.#requestId)
    this.#writeHead(reply.status, [...reply.headers, 'Connection', 'close'])
    this.#bytesSent = reply.body.length
    this.#socket.end(reply.body)
  }

  onDrain(resume: () => void): void {
    this.#socket.on('drain', resume)
  }

  onGone(gone: () => void): void {
    this.#socket.once('close', () => {
      if (!this.#isEnded) gone()
    })
  }

  #writeHead(status: number, headers: readonly string[]): void {
    this.#status = status
    this.#isBegun = true
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
    for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
    this.#socket.write(`${head}\r\n`, 'latin1')
  }
}
