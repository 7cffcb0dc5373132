import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Timers } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { Downstream, DownstreamEnd } from './downstream.node.ts'
import { closeGently } from './linger.node.ts'
import { errorReply, responses } from './reply.ts'

/** What a client may send before it has been joined: RFC 6455 §4.1 has it wait for the 101. */
const MAX_EARLY_BYTES = 65_536

/** An exchange that asked for an upgrade: node:http hands over the bare socket, so heads are written here. */
export class UpgradeDownstream implements Downstream {
  readonly isUpgrade = true
  readonly #socket: Duplex
  readonly #requestId: string
  readonly #timers: Timers
  #status = responses['client-closed'].status
  #error: ErrorCode | undefined
  #isBegun = false
  #isEnded = false
  #bytesSent = 0
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #onGone = (): void => {}

  constructor(socket: Duplex, requestId: string, timers: Timers, ended: (end: DownstreamEnd) => void) {
    this.#socket = socket
    this.#requestId = requestId
    this.#timers = timers
    // Whatever it is, 'close' follows.
    socket.on('error', () => {})
    socket.once('close', () => {
      if (!this.#isEnded) this.#onGone()
      const error = this.#error ?? (this.#isBegun ? undefined : 'client-closed')
      ended({ status: this.#status, error, bytesSent: this.#bytesSent })
    })
    // Only a socket that is read tells that its peer has left.
    socket.on('data', this.#keepEarly).on('end', this.#leaveEarly)
  }

  get isGone(): boolean {
    return this.#socket.destroyed
  }

  hint(): void {}

  /** The endpoint did not upgrade: its answer goes on, delimited by the end of the connection. */
  head(status: number, headers: readonly string[]): void {
    this.#writeHead(status, [...headers, 'Connection', 'close'])
  }

  write(chunk: Uint8Array): boolean {
    this.#bytesSent += chunk.length
    return this.#socket.write(chunk)
  }

  end(): void {
    this.#close()
  }

  join(headers: readonly string[], endpoint: Duplex, onProgress: () => void, onClose: () => void): void {
    // From here on either side may leave first: that is how a WebSocket ends.
    this.#isEnded = true
    this.#stopEarly()
    this.#writeHead(101, [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'])
    endpoint.on('error', () => {})
    for (const chunk of this.#early.splice(0)) endpoint.write(chunk)
    endpoint.on('data', (chunk: Uint8Array) => {
      this.#bytesSent += chunk.length
      onProgress()
    })
    this.#socket.on('data', onProgress)
    endpoint.pipe(this.#socket)
    this.#socket.pipe(endpoint)
    endpoint.once('close', () => closeGently(this.#socket, this.#timers))
    this.#socket.once('close', () => {
      endpoint.destroy()
      onClose()
    })
  }

  fail(error: ErrorCode): void {
    if (this.#isBegun || error === 'client-closed') {
      this.cut(error)
      return
    }
    this.#error = error
    const reply = errorReply(error, this.#requestId)
    this.#writeHead(reply.status, [...reply.headers, 'Connection', 'close'])
    this.#bytesSent = reply.body.length
    this.#socket.write(reply.body)
    this.#close()
  }

  cut(error: ErrorCode): void {
    this.#error ??= error
    this.#isEnded = true
    this.#socket.destroy()
  }

  onDrain(resume: () => void): void {
    this.#socket.on('drain', resume)
  }

  onGone(gone: () => void): void {
    this.#onGone = gone
  }

  #close(): void {
    this.#isEnded = true
    this.#stopEarly()
    closeGently(this.#socket, this.#timers)
  }

  readonly #keepEarly = (chunk: Uint8Array): void => {
    this.#early.push(chunk)
    this.#earlyBytes += chunk.length
    if (this.#earlyBytes <= MAX_EARLY_BYTES) return
    this.#error = 'request-invalid'
    this.#socket.destroy()
  }

  /** Half a connection is no use to a WebSocket: who ends before the 101 has left. */
  readonly #leaveEarly = (): void => {
    this.#socket.destroy()
  }

  #stopEarly(): void {
    this.#socket.off('data', this.#keepEarly).off('end', this.#leaveEarly).pause()
  }

  #writeHead(status: number, headers: readonly string[]): void {
    this.#status = status
    this.#isBegun = true
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
    for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
    this.#socket.write(`${head}\r\n`, 'latin1')
  }
}
