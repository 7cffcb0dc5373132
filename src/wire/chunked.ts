import type { WireBounds } from './bounds.ts'
import { FieldSection, valuesOf } from './fields.ts'
import { LineReader } from './line-reader.ts'
import { WireError } from './wire-error.ts'

/**
 * Size and extensions (RFC 9112 §7.1.1) without the "bad whitespace" that the grammar tolerates: what follows a size
 * has been read in different ways. 13 digits stay below 2^53, where every integer is exact.
 */
const CHUNK_LINE =
  /^([0-9A-Fa-f]{1,13})((?:;[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[^"\\]|\\.)*"))?)*)$/

type State = 'size' | 'data' | 'data-end' | 'trailers' | 'over'

/** Undoes the chunked coding (RFC 9112 §7.1). */
export class ChunkedDecoder {
  readonly #bounds: WireBounds
  readonly #trailers: FieldSection
  #state: State = 'size'
  #lines: LineReader
  #dataLeft = 0
  #extensionBytesLeft: number

  constructor(bounds: WireBounds) {
    this.#bounds = bounds
    this.#trailers = new FieldSection(bounds.fields)
    this.#lines = new LineReader(bounds.chunkLineBytes, 'chunk-too-large')
    this.#extensionBytesLeft = bounds.extensionBytes
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** [name, value, …], whole once {@link isOver}. */
  get trailers(): readonly string[] {
    return this.#trailers.fields
  }

  /**
   * Reads from `at`, and pushes onto `data` what it finds of the content, as views of the chunk.
   * @returns where the body has ended, or the chunk
   * @throws WireError
   */
  feed(chunk: Uint8Array, at: number, data: Uint8Array[]): number {
    let next = at
    while (next < chunk.length && this.#state !== 'over') {
      if (this.#state === 'data') {
        const end = Math.min(chunk.length, next + this.#dataLeft)
        data.push(chunk.subarray(next, end))
        this.#dataLeft -= end - next
        next = end
        if (this.#dataLeft === 0) this.#expectLine('data-end', 2)
        continue
      }
      next = this.#lines.read(chunk, next)
      if (next === -1) return chunk.length
      this.#readLine(this.#lines.line)
    }
    return next
  }

  #readLine(line: string): void {
    if (this.#state === 'size') this.#beginChunk(line)
    else if (this.#state === 'data-end') this.#expectLine('size', this.#bounds.chunkLineBytes)
    else if (this.#trailers.add(line)) this.#end()
  }

  /** RFC 9110 §6.5.1: a reader that joins trailers to the head would find a second framing in these. */
  #end(): void {
    for (const name of ['content-length', 'transfer-encoding']) {
      if (valuesOf(this.trailers, name).length === 0) continue
      throw new WireError('length-conflicting', `Cannot read trailers: they hold ${name}`)
    }
    this.#state = 'over'
  }

  #beginChunk(line: string): void {
    const match = CHUNK_LINE.exec(line)
    if (!match) throw new WireError('chunk-invalid', 'Cannot read a chunk: its size line is malformed')
    const [, size = '', extensions = ''] = match
    this.#extensionBytesLeft -= extensions.length
    if (this.#extensionBytesLeft < 0) {
      throw new WireError('chunk-too-large', 'Cannot read a chunk: too many extensions')
    }
    this.#dataLeft = Number.parseInt(size, 16)
    if (this.#dataLeft > 0) this.#state = 'data'
    else {
      this.#state = 'trailers'
      this.#lines = new LineReader(this.#bounds.trailerBytes, 'trailers-too-large')
    }
  }

  /** After data comes an empty line: with room for two bytes, nothing else fits. */
  #expectLine(state: 'data-end' | 'size', maxBytes: number): void {
    this.#state = state
    this.#lines = new LineReader(maxBytes, state === 'size' ? 'chunk-too-large' : 'chunk-invalid')
  }
}
