import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { Framing } from './framing.ts'
import { formatLastChunk } from './head-text.ts'
import { WireError } from './wire-error.ts'

/** Pieces up to this many bytes wait for one another, and leave in one write. */
const HOLD_BYTES = 8192
const CRLF = '\r\n'

/** Writes messages one after another, framed, in as few packets as they come in. */
export class MessageWriter {
  readonly #socket: Duplex
  #framing: Framing['kind'] = 'none'
  /** Of a fixed length: what is still owed. */
  #left = 0
  #held: (string | Uint8Array)[] = []
  #heldBytes = 0
  #isFlushDue = false
  /** Content written of this message, without framing. */
  bytes = 0
  /** The message has been begun, and not ended. */
  isOpen = false

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** Text of its own, such as an interim response, at once. */
  writeText(text: string): void {
    this.#hold(text, text.length)
    this.flush()
  }

  /** The head waits for the body's beginning, but no longer than what is being done now. */
  begin(head: string, framing: Framing): void {
    this.isOpen = true
    this.bytes = 0
    this.#framing = framing.kind
    this.#left = framing.kind === 'fixed' ? framing.length : 0
    this.#hold(head, head.length)
    this.#flushSoon()
  }

  /**
   * @returns false when the other side does not keep up; the socket tells by `drain` when it does again
   * @throws WireError when this is more than the head has said
   */
  write(data: Uint8Array): boolean {
    // After HEAD, and where a status has none, a body is not written.
    if (data.length === 0 || this.#framing === 'none') return true
    this.bytes += data.length
    if (this.#framing === 'fixed') this.#owe(data.length)
    const isChunked = this.#framing === 'chunked'
    if (isChunked) {
      const size = `${data.length.toString(16)}${CRLF}`
      this.#hold(size, size.length)
    }
    if (this.#heldBytes + data.length <= HOLD_BYTES) {
      this.#hold(data, data.length)
      if (isChunked) this.#hold(CRLF, 2)
      if (this.#framing === 'fixed' && this.#left === 0) this.flush()
      else this.#flushSoon()
    } else {
      this.#writeThrough(data, isChunked ? CRLF : '')
    }
    // What is with the kernel already asks for no pause, however much it was.
    return this.#socket.writableLength === 0 || !this.#socket.writableNeedDrain
  }

  /** @throws WireError when this is less than the head has said, or a trailer cannot be written */
  end(trailers: readonly string[]): void {
    if (this.#framing === 'fixed' && this.#left > 0) {
      throw new WireError('body-incomplete', `Cannot end a message: it lacks ${this.#left} bytes`)
    }
    if (this.#framing === 'chunked') {
      const last = formatLastChunk(trailers)
      this.#hold(last, last.length)
    }
    this.isOpen = false
    this.flush()
  }

  /** Writes what waits for more. */
  flush(): void {
    const [first] = this.#held
    if (first === undefined) return
    if (this.#held.length === 1) this.#writePiece(first)
    else this.#socket.write(this.#join())
    this.#held = []
    this.#heldBytes = 0
  }

  #owe(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0) {
      throw new WireError(
        'length-conflicting',
        `Cannot write a message: ${-this.#left} bytes beyond its length`,
      )
    }
  }

  #hold(piece: string | Uint8Array, bytes: number): void {
    this.#held.push(piece)
    this.#heldBytes += bytes
  }

  /** A large piece is not copied: what waits, the piece, and what follows it leave together. */
  #writeThrough(data: Uint8Array, after: string): void {
    const isJoined = this.#held.length > 0 || after !== ''
    if (isJoined) this.#socket.cork()
    this.flush()
    this.#socket.write(data)
    if (after !== '') this.#writePiece(after)
    if (isJoined) this.#socket.uncork()
  }

  #writePiece(piece: string | Uint8Array): void {
    if (typeof piece === 'string') this.#socket.write(piece, 'latin1')
    else this.#socket.write(piece)
  }

  #join(): Buffer {
    const whole = Buffer.allocUnsafe(this.#heldBytes)
    let at = 0
    for (const piece of this.#held) {
      if (typeof piece === 'string') whole.write(piece, at, 'latin1')
      else whole.set(piece, at)
      at += piece.length
    }
    return whole
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    process.nextTick(flushDue, this)
  }

  /** Of {@link flushDue}. */
  flushNow(): void {
    this.#isFlushDue = false
    if (!this.#socket.destroyed) this.flush()
  }
}

function flushDue(writer: MessageWriter): void {
  writer.flushNow()
}
