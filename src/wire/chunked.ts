import type { WireBounds } from './bounds.ts'
import { FieldSection } from './fields.ts'
import { LineReader } from './line-reader.ts'
import { type DecodeOctets, isLineByte } from './octets.ts'
import { WireError } from './wire-error.ts'

/**
 * Chunk extensions (RFC 9112 §7.1.1) without the "bad whitespace" that the grammar tolerates: what follows a size has
 * been read in different ways.
 */
const EXTENSIONS = /^(?:;[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[^"\\]|\\.)*"))?)+$/
/** So many digits stay below 2^53, where every integer is exact. */
const MAX_DIGITS = 13
const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b

type State = 'size' | 'extensions' | 'size-end' | 'data' | 'data-cr' | 'data-end' | 'trailers' | 'over'

/** Undoes the chunked coding (RFC 9112 §7.1). */
export class ChunkedDecoder {
  readonly #bounds: WireBounds
  readonly #decode: DecodeOctets
  #state: State = 'size'
  #digits = 0
  /** The chunk's size, and then how much of it is still to come. */
  #left = 0
  #extensions = ''
  #extensionBytes = 0
  #trailers: TrailerReader | undefined

  constructor(bounds: WireBounds, decode: DecodeOctets) {
    this.#bounds = bounds
    this.#decode = decode
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** [name, value, …], whole once {@link isOver}. */
  get trailers(): readonly string[] {
    return this.#trailers?.fields ?? []
  }

  /**
   * Reads from `at`, and pushes onto `data` what it finds of the content, as views of the chunk.
   * @returns where the body has ended, or the chunk
   * @throws WireError
   */
  feed(chunk: Uint8Array, at: number, data: Uint8Array[]): number {
    let next = at
    while (next < chunk.length && this.#state !== 'over') {
      if (this.#state === 'data') next = this.#readData(chunk, next, data)
      else if (this.#state === 'extensions') next = this.#readExtensions(chunk, next)
      else if (this.#state === 'trailers') next = this.#readTrailers(chunk, next)
      else this.#readByte(chunk[next++] ?? 0)
    }
    return next
  }

  #readByte(byte: number): void {
    switch (this.#state) {
      case 'size':
        this.#readSize(byte)
        return
      case 'size-end':
        expectByte(byte, LF)
        this.#beginChunk()
        return
      case 'data-cr':
        expectByte(byte, CR)
        this.#state = 'data-end'
        return
      default:
        expectByte(byte, LF)
        this.#state = 'size'
    }
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte)
    if (digit >= 0 && this.#digits < MAX_DIGITS) {
      this.#digits++
      this.#left = this.#left * 16 + digit
      return
    }
    if (byte === LF) expectByte(byte, CR)
    if (this.#digits === 0 || (byte !== CR && byte !== SEMICOLON)) {
      throw new WireError('chunk-invalid', 'Cannot read a chunk: its size line is malformed')
    }
    this.#extensions = byte === CR ? '' : ';'
    this.#state = byte === CR ? 'size-end' : 'extensions'
  }

  #readExtensions(chunk: Uint8Array, at: number): number {
    const room = Math.min(
      this.#bounds.chunkLineBytes - this.#extensions.length,
      this.#bounds.extensionBytes - this.#extensionBytes - this.#extensions.length,
    )
    const last = Math.min(chunk.length, at + room)
    let end = at
    while (end < last && isLineByte(chunk[end] ?? 0)) end++
    this.#extensions += this.#decode(chunk, at, end)
    if (end === chunk.length) return end
    if (end === last) throw new WireError('chunk-too-large', 'Cannot read a chunk: too many extensions')
    expectByte(chunk[end] ?? 0, CR)
    if (!EXTENSIONS.test(this.#extensions)) {
      throw new WireError('chunk-invalid', 'Cannot read a chunk: its extensions are malformed')
    }
    this.#extensionBytes += this.#extensions.length
    this.#state = 'size-end'
    return end + 1
  }

  #beginChunk(): void {
    this.#digits = 0
    this.#state = this.#left > 0 ? 'data' : 'trailers'
    if (this.#left === 0) this.#trailers = new TrailerReader(this.#bounds, this.#decode)
  }

  #readData(chunk: Uint8Array, at: number, data: Uint8Array[]): number {
    const end = Math.min(chunk.length, at + this.#left)
    data.push(chunk.subarray(at, end))
    this.#left -= end - at
    if (this.#left === 0) this.#state = 'data-cr'
    return end
  }

  #readTrailers(chunk: Uint8Array, at: number): number {
    const end = this.#trailers?.feed(chunk, at) ?? -1
    if (end === -1) return chunk.length
    this.#state = 'over'
    return end
  }
}

/** The fields after the last chunk. */
class TrailerReader {
  readonly #lines: LineReader
  readonly #section: FieldSection

  constructor(bounds: WireBounds, decode: DecodeOctets) {
    this.#lines = new LineReader(bounds.trailerBytes, 'trailers-too-large', decode)
    this.#section = new FieldSection(bounds.fields)
  }

  get fields(): readonly string[] {
    return this.#section.fields
  }

  /** @returns where they end, or -1 when the chunk has ended before. */
  feed(chunk: Uint8Array, at: number): number {
    const lines = this.#lines
    lines.open(chunk, at)
    while (lines.next()) {
      if (!this.#section.add(lines.text, lines.start, lines.end)) continue
      checkTrailers(this.#section)
      return lines.position
    }
    return -1
  }
}

/** RFC 9110 §6.5.1: a reader that joins trailers to the head would find a second framing in these, or an end. */
function checkTrailers({ lengths, codings, connection, upgrade }: FieldSection): void {
  if (lengths + codings > 0) {
    throw new WireError('length-conflicting', 'Cannot read trailers: they hold framing')
  }
  if (connection !== '' || upgrade !== '') {
    throw new WireError('trailer-invalid', 'Cannot read trailers: they hold connection options')
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function expectByte(byte: number, expected: number): void {
  if (byte === expected) return
  if (byte === CR || byte === LF || expected === LF) {
    throw new WireError('line-ending-invalid', 'Cannot read a chunk: CR and LF stand alone')
  }
  throw isLineByte(byte)
    ? new WireError('chunk-invalid', 'Cannot read a chunk: its data is longer than its size')
    : new WireError('byte-forbidden', `Cannot read a chunk: byte 0x${byte.toString(16)}`)
}
