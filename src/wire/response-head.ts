import type { WireBounds } from './bounds.ts'
import { FieldSection } from './fields.ts'
import { LineReader } from './line-reader.ts'
import { WireError } from './wire-error.ts'

export interface ResponseHead {
  readonly minorVersion: 0 | 1
  /** 100 to 599 (RFC 9110 §15). */
  readonly status: number
  /** May be empty. */
  readonly reason: string
  /** [name, value, …] as they came, one character for one byte. */
  readonly fields: readonly string[]
}

/** The space before an empty reason is required (RFC 9112 §4), and often left out: the meaning is the same. */
const STATUS_LINE = /^HTTP\/(\d)\.(\d) ([1-5]\d\d)(?: (.*))?$/

/** Reads one response head. */
export class ResponseHeadParser {
  /** The head, once {@link feed} has found its end. */
  head: ResponseHead | undefined
  readonly #lines: LineReader
  readonly #section: FieldSection
  #start: Omit<ResponseHead, 'fields'> | undefined

  constructor(bounds: WireBounds) {
    this.#lines = new LineReader(bounds.headBytes, 'head-too-large')
    this.#section = new FieldSection(bounds.fields)
  }

  /**
   * Reads from `at`.
   * @returns where the body begins, or -1 when the chunk has ended before the head
   * @throws WireError
   */
  feed(chunk: Uint8Array, at: number): number {
    let next = at
    for (;;) {
      next = this.#lines.read(chunk, next)
      if (next === -1) return -1
      const { line } = this.#lines
      if (this.#start === undefined) this.#start = parseStatusLine(line)
      else if (this.#section.add(line)) {
        this.head = { ...this.#start, fields: this.#section.fields }
        return next
      }
    }
  }
}

function parseStatusLine(line: string): Omit<ResponseHead, 'fields'> {
  const match = STATUS_LINE.exec(line)
  if (!match) throw new WireError('status-line-invalid', 'Cannot read a response: it has no status line')
  const [, major, minor, digits, reason = ''] = match
  if (major !== '1' || (minor !== '0' && minor !== '1')) {
    throw new WireError('version-unsupported', `Cannot read a response: HTTP/${major}.${minor}`)
  }
  const status = Number(digits)
  // RFC 9110 §15.2: HTTP/1.0 knows no interim responses.
  if (status < 200 && minor === '0') {
    throw new WireError('status-line-invalid', `Cannot read a response: ${status} of HTTP/1.0`)
  }
  return { minorVersion: minor === '1' ? 1 : 0, status, reason }
}
