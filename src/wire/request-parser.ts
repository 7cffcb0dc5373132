import type { WireBounds } from './bounds.ts'
import { FieldSection, hasOption } from './fields.ts'
import { type RequestFraming, requestFraming } from './framing.ts'
import { LineReader } from './line-reader.ts'
import { type DecodeOctets, isTokenByte } from './octets.ts'
import { WireError } from './wire-error.ts'

/** A request's head as it came. Whether its Host is there, and there once, is for whoever routes it. */
export interface ReceivedRequest {
  /** Any token (RFC 9110 §9.1), upper or lower case as it came. */
  readonly method: string
  /** Raw, in any of the four forms (RFC 9112 §3.2); visible ASCII without `#`. */
  readonly target: string
  readonly minorVersion: 0 | 1
  /** [name, value, …] as they came, one character for one byte. */
  readonly fields: readonly string[]
  readonly framing: RequestFraming
  /** Whether the client would go on using the connection (RFC 9112 §9.3). */
  readonly keepsAlive: boolean
  /** It says so itself: some clients of old leave unless the answer does too. */
  readonly saysKeepAlive: boolean
  /** What Upgrade asks for, in lower case, if Connection names it too; otherwise ''. */
  readonly upgrade: string
  /** RFC 9110 §10.1.1: `continue` waits for 100 before its body, `unknown` asks what we do not know. */
  readonly expectation: 'none' | 'continue' | 'unknown'
}

interface RequestLine {
  readonly method: string
  readonly target: string
  readonly minorVersion: 0 | 1
}

/** Reads one request head. */
export class RequestHeadParser {
  /** The head, once {@link feed} has found its end. */
  head: ReceivedRequest | undefined
  readonly #lines: LineReader
  readonly #section: FieldSection
  #line: RequestLine | undefined
  #hasEmptyLine = false

  constructor(bounds: WireBounds, decode: DecodeOctets) {
    this.#lines = new LineReader(bounds.headBytes, 'target-too-long', decode)
    this.#section = new FieldSection(bounds.fields)
  }

  /** Nothing of a request yet, but for the empty line that may precede it. */
  get isIdle(): boolean {
    return this.#line === undefined && this.#lines.isBetween
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
      if (this.#line === undefined) this.#begin(text, start, end)
      else if (this.#section.add(text, start, end)) {
        this.head = headOf(this.#line, this.#section)
        return lines.position
      }
    }
    return -1
  }

  #begin(text: string, start: number, end: number): void {
    // RFC 9112 §2.2: some clients end a body with a CRLF of their own. One is enough.
    if (start === end && !this.#hasEmptyLine) {
      this.#hasEmptyLine = true
      return
    }
    this.#line = parseRequestLine(text, start, end)
    this.#lines.excess = 'head-too-large'
  }
}

/** One SP between the parts and none around them: other readings of a request line are guesses (RFC 9112 §3). */
function parseRequestLine(text: string, start: number, end: number): RequestLine {
  let space = start
  while (space < end && isTokenByte(text.charCodeAt(space))) space++
  if (space === start || space === end || text.charCodeAt(space) !== 0x20) {
    throw new WireError('request-line-invalid', 'Cannot read a request: it does not begin with a method')
  }
  const method = text.slice(start, space)
  const last = text.indexOf(' ', space + 1)
  if (last === -1 || last >= end) {
    throw new WireError('request-line-invalid', 'Cannot read a request: its line has no version')
  }
  const target = text.slice(space + 1, last)
  const version = text.slice(last + 1, end)
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') throw versionError(version)
  checkTarget(method, target)
  return { method, target, minorVersion: version === 'HTTP/1.1' ? 1 : 0 }
}

function versionError(version: string): WireError {
  if (/^HTTP\/\d\.\d$/.test(version))
    return new WireError('version-unsupported', `Cannot read a request: ${version}`)
  return new WireError('request-line-invalid', `Cannot read a request: version ${JSON.stringify(version)}`)
}

/** No space, control or fragment, and ASCII only. Browsers leave characters such as `|` and `"` as they are. */
const ORIGIN = /^\/[!"$-~]*$/
const ABSOLUTE = /^[A-Za-z]+:\/\/[A-Za-z0-9\-._~%!$&'()*+,;=:@[\]]+([/?][!"$-~]*)?$/
const AUTHORITY = /^[A-Za-z0-9\-._~%[\]:]+:\d{1,5}$/

/** RFC 9112 §3.2. CONNECT has a form of its own, which nothing else may use. */
function checkTarget(method: string, target: string): void {
  if (method === 'CONNECT') {
    if (AUTHORITY.test(target)) return
  } else if (target.charCodeAt(0) === 0x2f ? ORIGIN.test(target) : target === '*' || ABSOLUTE.test(target)) {
    return
  }
  throw new WireError('target-invalid', `Cannot read a request: target ${JSON.stringify(target)}`)
}

function headOf({ method, target, minorVersion }: RequestLine, section: FieldSection): ReceivedRequest {
  const { fields, connection } = section
  const framing = requestFraming(section, minorVersion)
  // RFC 9110 §9.3.6: what follows CONNECT is the tunnel's, for some readers whatever the head says.
  if (method === 'CONNECT' && framing.kind !== 'none') {
    throw new WireError('length-conflicting', 'Cannot frame a body: CONNECT has none')
  }
  const saysKeepAlive = hasOption(connection, 'keep-alive')
  return {
    method,
    target,
    minorVersion,
    fields,
    framing,
    keepsAlive: (minorVersion === 1 || saysKeepAlive) && !hasOption(connection, 'close'),
    saysKeepAlive,
    upgrade: section.upgrade !== '' && hasOption(connection, 'upgrade') ? section.upgrade.toLowerCase() : '',
    expectation: expectationOf(section.expect, minorVersion),
  }
}

/** RFC 9110 §10.1.1: an HTTP/1.0 client cannot wait for what it does not know. */
function expectationOf(expect: string, minorVersion: 0 | 1): ReceivedRequest['expectation'] {
  if (expect === '' || minorVersion === 0) return 'none'
  return expect.toLowerCase() === '100-continue' ? 'continue' : 'unknown'
}
