import type { WireBounds } from './bounds.ts'
import { ChunkedDecoder } from './chunked.ts'
import type { Framing } from './framing.ts'
import type { DecodeOctets } from './octets.ts'

const NO_FIELDS: readonly string[] = []

/** Finds the content of one body, and its end. */
export class BodyReader {
  readonly #chunked: ChunkedDecoder | undefined
  /** Of a fixed length; endless when the connection ends the body. */
  #left: number
  #isUntouched = true

  constructor(framing: Framing, bounds: WireBounds, decode: DecodeOctets) {
    if (framing.kind === 'chunked') this.#chunked = new ChunkedDecoder(bounds, decode)
    this.#left = framing.kind === 'fixed' ? framing.length : framing.kind === 'until-close' ? Infinity : 0
  }

  get isOver(): boolean {
    return this.#chunked === undefined ? this.#left === 0 : this.#chunked.isOver
  }

  /** The end of the connection is the end of the body. */
  get endsWithConnection(): boolean {
    return this.#left === Infinity
  }

  /** No byte of it has been read. */
  get isUntouched(): boolean {
    return this.#isUntouched
  }

  /** How much is still to come, where that is known. */
  get bytesLeft(): number | undefined {
    return this.#chunked === undefined && this.#left !== Infinity ? this.#left : undefined
  }

  /** [name, value, …], whole once {@link isOver}. */
  get trailers(): readonly string[] {
    return this.#chunked?.trailers ?? NO_FIELDS
  }

  /**
   * Reads from `at`, and pushes onto `data` what it finds, as views of the chunk.
   * @returns where the body has ended, or the chunk
   * @throws WireError
   */
  feed(chunk: Uint8Array, at: number, data: Uint8Array[]): number {
    this.#isUntouched = false
    if (this.#chunked !== undefined) return this.#chunked.feed(chunk, at, data)
    const end = Math.min(chunk.length, at + this.#left)
    if (end > at) data.push(end - at === chunk.length ? chunk : chunk.subarray(at, end))
    this.#left -= end - at
    return end
  }
}
