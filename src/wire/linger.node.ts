import type { Duplex } from 'node:stream'
import { type Deadlines, NEVER, UNWATCHED, type Watched } from './deadlines.ts'

/** What a client may send after its answer, before it is cut off. */
export const LINGER_BYTES = 1_048_576

/**
 * Ends our side of a connection, and waits a little for the other to end its own: closed with bytes unread, the kernel
 * would send a reset, which can destroy the answer on its way (RFC 9112 §9.6). When both sides have ended, the socket
 * closes by itself.
 */
export class Linger implements Watched {
  readonly #socket: Duplex
  #bytes = 0
  deadline = NEVER
  watchPlace = UNWATCHED

  constructor(socket: Duplex, deadlines: Deadlines, lingerMs: number) {
    this.#socket = socket
    this.deadline = deadlines.after(lingerMs)
    deadlines.add(this)
    socket.on('data', (chunk: Uint8Array) => this.#count(chunk.length))
    socket.once('close', () => deadlines.delete(this))
    socket.end()
    socket.resume()
  }

  onDeadline(): void {
    this.#socket.destroy()
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > LINGER_BYTES) this.#socket.destroy()
  }
}
