import { type DecodeOctets, LINE_BYTES } from './octets.ts'
import { WireError, type WireErrorCode } from './wire-error.ts'

const CR = 0x0d
const LF = 0x0a
/** How much is decoded at a time: most heads whole, and little of a body that follows one. */
const SLAB_BYTES = 1024
const NOTHING = new Uint8Array()

/**
 * Finds lines that end in CRLF in chunks split anywhere. A CR or LF alone is refused (RFC 9112 §2.2: recipients
 * that differ on it see different messages), and so is every control byte but HTAB.
 */
export class LineReader {
  /** Holds the line that {@link next} has just found, from {@link start} to {@link end}. */
  text = ''
  start = 0
  /** Where its CRLF is. */
  end = 0
  /** The code when there are more bytes than there may be. */
  excess: WireErrorCode
  #next = 0
  #scanned = 0
  #chunk: Uint8Array = NOTHING
  #at = 0
  /** Where this chunk was opened: a CR before it is in the text alone. */
  #from = 0
  #bytesLeft: number
  readonly #decode: DecodeOctets

  /** @param maxBytes of all lines together, CRLFs included */
  constructor(maxBytes: number, excess: WireErrorCode, decode: DecodeOctets) {
    this.#bytesLeft = maxBytes
    this.excess = excess
    this.#decode = decode
  }

  /** Goes on with a chunk, from `at`, once {@link next} has found no more lines. */
  open(chunk: Uint8Array, at: number): void {
    this.#chunk = chunk
    this.#from = at
    this.#at = at
  }

  /** Where in the chunk the line after the last one begins. */
  get position(): number {
    return this.#at - (this.text.length - this.#next)
  }

  /** No byte of another line has come. */
  get isBetween(): boolean {
    return this.#next === this.text.length
  }

  /**
   * @returns false when the chunk has ended before the line has
   * @throws WireError
   */
  next(): boolean {
    do {
      const { length } = this.text
      const chunk = this.#chunk
      // Bytes are looked at in the chunk: characters of texts, which are of many kinds to V8, cost three times as much.
      const before = this.#at - length
      let i = this.#scanned
      if (before + i >= this.#from) while (i < length && LINE_BYTES[chunk[before + i] ?? 0] === 1) i++
      this.#scanned = i
      if (i < length && this.#endsAt(i)) return true
    } while (this.#refill())
    this.#chunk = NOTHING
    return false
  }

  #endsAt(i: number): boolean {
    const byte = this.text.charCodeAt(i)
    if (byte === LF) throw new WireError('line-ending-invalid', 'Cannot read a line: LF without CR')
    if (byte !== CR) throw new WireError('byte-forbidden', `Cannot read a line: byte 0x${byte.toString(16)}`)
    if (i + 1 === this.text.length) return false
    if (this.text.charCodeAt(i + 1) !== LF) {
      throw new WireError('line-ending-invalid', 'Cannot read a line: CR without LF')
    }
    this.start = this.#next
    this.end = i
    this.#next = this.#scanned = i + 2
    return true
  }

  #refill(): boolean {
    const size = Math.min(SLAB_BYTES, this.#chunk.length - this.#at, this.#bytesLeft)
    if (size === 0) {
      if (this.#at === this.#chunk.length) return false
      throw new WireError(this.excess, 'Cannot read a line: too many bytes')
    }
    const more = this.#decode(this.#chunk, this.#at, this.#at + size)
    this.text = this.#next === this.text.length ? more : this.text.slice(this.#next) + more
    this.#scanned -= this.#next
    this.#next = 0
    this.#at += size
    this.#bytesLeft -= size
    return true
  }
}
