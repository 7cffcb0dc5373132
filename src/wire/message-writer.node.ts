import type { Duplex } from 'node:stream'
import type { Framing } from './framing.ts'
import { formatLastChunk } from './head-text.ts'
import { decodeLatin1 } from './latin1.node.ts'
import { writeCopy } from './scratch.node.ts'
import { WireError } from './wire-error.ts'

/** Pieces up to this many bytes wait for one another, and leave in one write. */
const HOLD_BYTES = 8192
/** Up to so many bytes it costs less to copy them behind their head than to have the kernel gather both. */
const COPY_BYTES = 16_384
const CRLF = '\r\n'

/** Whose the bytes are that are written: the writer's, or lent until {@link MessageWriter.write} returns. */
export type Ownership = 'given' | 'lent'

/** Writes messages one after another, framed, in as few packets as they come in. */
export class MessageWriter {
  readonly #socket: Duplex
  readonly #ownership: Ownership
  #framing: Framing['kind'] = 'none'
  /** Of a fixed length: what is still owed. */
  #left = 0
  /** What waits for more: characters that are bytes, for Node writes one text faster than pieces. */
  #held = ''
  #isFlushDue = false
  /** Content written of this message, without framing. */
  bytes = 0
  /** The message has been begun, and not ended. */
  isOpen = false

  constructor(socket: Duplex, ownership: Ownership) {
    this.#socket = socket
    this.#ownership = ownership
  }

  /** Text of its own, such as an interim response, at once. */
  writeText(text: string): void {
    this.#held += text
    this.flush()
  }

  /**
   * The head waits for the body's beginning, but no longer than what is being done now.
   * @param hasMore who writes knows that something follows at once: nobody needs to look whether it has
   */
  begin(head: string, framing: Framing, hasMore = false): void {
    this.isOpen = true
    this.bytes = 0
    this.#framing = framing.kind
    this.#left = framing.kind === 'fixed' ? framing.length : 0
    this.#held += head
    if (!hasMore) this.#flushSoon()
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
    if (isChunked) this.#held += `${data.length.toString(16)}${CRLF}`
    if (this.#held.length + data.length <= HOLD_BYTES) {
      this.#held += decodeLatin1(data, 0, data.length)
      if (isChunked) this.#held += CRLF
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
    if (this.#framing === 'chunked') this.#held += formatLastChunk(trailers)
    this.isOpen = false
    this.flush()
  }

  /** Writes what waits for more. */
  flush(): void {
    const text = this.#held
    this.#held = ''
    if (text !== '') this.#socket.write(text, 'latin1')
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

  /** What waits, a large piece, and what follows it leave together. */
  #writeThrough(data: Uint8Array, after: string): void {
    const before = this.#held
    this.#held = ''
    const isJoined = before !== '' || after !== ''
    if (this.#ownership === 'lent' || (isJoined && data.length <= COPY_BYTES)) {
      writeCopy(this.#socket, before, data, after)
      return
    }
    if (isJoined) this.#socket.cork()
    if (before !== '') this.#socket.write(before, 'latin1')
    this.#socket.write(data)
    if (after !== '') this.#socket.write(after, 'latin1')
    if (isJoined) this.#socket.uncork()
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
