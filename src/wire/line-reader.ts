import { decodeOctets, isLineByte } from './octets.ts'
import { WireError, type WireErrorCode } from './wire-error.ts'

const CR = 0x0d
const LF = 0x0a

/**
 * Gathers lines that end in CRLF from chunks split anywhere. A CR or LF alone is refused (RFC 9112 §2.2: recipients
 * that differ on it see different messages), and so is every control byte but HTAB.
 */
export class LineReader {
  /** The line that {@link read} has just completed, without its CRLF. */
  line = ''
  #start = ''
  #hasCr = false
  #bytesLeft: number
  readonly #excess: WireErrorCode

  /** @param maxBytes of all lines together, CRLFs included. @param excess the code when there are more. */
  constructor(maxBytes: number, excess: WireErrorCode) {
    this.#bytesLeft = maxBytes
    this.#excess = excess
  }

  /**
   * Reads from `at`.
   * @returns where the next line begins, or -1 when the chunk has ended before the line has
   * @throws WireError
   */
  read(chunk: Uint8Array, at: number): number {
    for (let i = at; i < chunk.length; i++) {
      if (--this.#bytesLeft < 0) throw new WireError(this.#excess, 'Cannot read a line: too many bytes')
      const byte = chunk[i] ?? 0
      if (this.#hasCr) {
        if (byte !== LF) throw new WireError('line-ending-invalid', 'Cannot read a line: CR without LF')
        this.#complete(chunk, at, i - 1)
        return i + 1
      }
      if (byte === CR) this.#hasCr = true
      else if (byte === LF) throw new WireError('line-ending-invalid', 'Cannot read a line: LF without CR')
      else if (!isLineByte(byte)) {
        throw new WireError('byte-forbidden', `Cannot read a line: byte 0x${byte.toString(16)}`)
      }
    }
    this.#start += decodeOctets(chunk.subarray(at, chunk.length - (this.#hasCr ? 1 : 0)))
    return -1
  }

  /** `end` lies before `at` when only the LF is in this chunk. */
  #complete(chunk: Uint8Array, at: number, end: number): void {
    this.line = end > at ? this.#start + decodeOctets(chunk.subarray(at, end)) : this.#start
    this.#start = ''
    this.#hasCr = false
  }
}
