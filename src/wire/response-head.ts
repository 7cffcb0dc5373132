import type { WireBounds } from './bounds.ts'
import { FieldSection, hasOption } from './fields.ts'
import { type Framing, responseFraming } from './framing.ts'
import { LineReader } from './line-reader.ts'
import type { DecodeOctets } from './octets.ts'
import { WireError } from './wire-error.ts'

export interface ResponseHead {
  readonly minorVersion: 0 | 1
  /** 100 to 599 (RFC 9110 §15). */
  readonly status: number
  /** May be empty. */
  readonly reason: string
  /** [name, value, …] as they came, one character for one byte. */
  readonly fields: readonly string[]
  readonly framing: Framing
  /** Whether the server would go on using the connection (RFC 9112 §9.3). */
  readonly keepsAlive: boolean
  /** For how long, if it says so in Keep-Alive. */
  readonly keepAliveMs: number | undefined
  /** Upgrade's values, joined with commas, if Connection names it too; otherwise ''. */
  readonly upgrade: string
}

interface StatusLine {
  readonly minorVersion: 0 | 1
  readonly status: number
  readonly reason: string
}

/** Reads one response head. */
export class ResponseHeadParser {
  /** The head, once {@link feed} has found its end. */
  head: ResponseHead | undefined
  readonly #method: string
  readonly #lines: LineReader
  readonly #section: FieldSection
  #line: StatusLine | undefined

  /** @param method of the request: HEAD has a body's fields and no body. */
  constructor(method: string, bounds: WireBounds, decode: DecodeOctets) {
    this.#method = method
    this.#lines = new LineReader(bounds.headBytes, 'head-too-large', decode)
    this.#section = new FieldSection(bounds.fields)
  }

  /**
   * Reads from `at`.
   * @returns where the body begins, or -1 when the chunk has ended before the head
   * @throws WireError
   */
  feed(chunk: Uint8Array, at: number): number {
    const lines = this.#lines
    lines.open(chunk, at)
    while (lines.next()) {
      const { text, start, end } = lines
      if (this.#line === undefined) this.#line = readStatusLine(text, start, end)
      else if (this.#section.add(text, start, end)) {
        this.head = headOf(this.#line, this.#method, this.#section)
        return lines.position
      }
    }
    return -1
  }
}

/** What nearly every response begins with is read without a regular expression, which costs as much as all fields. */
function readStatusLine(text: string, start: number, end: number): StatusLine {
  const status = COMMON.get(text.slice(start, start + 13))
  if (status === undefined) return parseStatusLine(text.slice(start, end))
  return { minorVersion: 1, status, reason: text.slice(start + 13, end) }
}

const COMMON: ReadonlyMap<string, number> = new Map(
  [200, 201, 204, 206, 301, 302, 303, 304, 307, 400, 401, 403, 404, 409, 500, 503].map((status) => [
    `HTTP/1.1 ${status} `,
    status,
  ]),
)

/** The space before an empty reason is required (RFC 9112 §4), and often left out: the meaning is the same. */
const STATUS_LINE = /^HTTP\/(\d)\.(\d) ([1-5]\d\d)(?: (.*))?$/

function parseStatusLine(line: string): StatusLine {
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

function headOf(line: StatusLine, method: string, section: FieldSection): ResponseHead {
  const { minorVersion, status, reason } = line
  const { fields, connection, keepAlive, upgrade } = section
  return {
    minorVersion,
    status,
    reason,
    fields,
    framing: responseFraming(method, status, section, minorVersion),
    keepsAlive:
      !hasOption(connection, 'close') && (minorVersion === 1 || hasOption(connection, 'keep-alive')),
    keepAliveMs: keepAlive === '' ? undefined : keepAliveMs(keepAlive),
    upgrade: upgrade !== '' && hasOption(connection, 'upgrade') ? upgrade.toLowerCase() : '',
  }
}

/** `Keep-Alive: timeout=5` (RFC 2068 §19.7.1.1), in seconds; of what makes no sense nothing is made. */
function keepAliveMs(value: string): number | undefined {
  const digits = /(?:^|[,\s])timeout\s*=\s*"?(\d{1,6})/i.exec(value)?.[1]
  return digits === undefined ? undefined : Number(digits) * 1000
}
