import type { FieldSection } from './fields.ts'
import { isToken } from './octets.ts'
import { WireError } from './wire-error.ts'

/** How the end of a request's body is found. `none` says that there is no body at all. */
export type RequestFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly length: number }
  | { readonly kind: 'chunked' }

/** The same for a response, which may also end with its connection. */
export type Framing = RequestFraming | { readonly kind: 'until-close' }

const NONE = { kind: 'none' } as const
const CHUNKED = { kind: 'chunked' } as const
const UNTIL_CLOSE = { kind: 'until-close' } as const

/**
 * How long a request's body is (RFC 9112 §6.3). What two recipients could read in two ways is refused: both framings, a
 * repeated length (Node refuses those too), codings that we do not undo.
 * @throws WireError
 */
export function requestFraming(section: FieldSection, minorVersion: 0 | 1): RequestFraming {
  if (section.codings > 0) {
    checkCodings(section, minorVersion)
    return CHUNKED
  }
  return section.lengths === 0 ? NONE : { kind: 'fixed', length: lengthOf(section) }
}

/**
 * How long a response's body is, with the same refusals, also where they would not matter to us.
 * @throws WireError
 */
export function responseFraming(
  method: string,
  status: number,
  section: FieldSection,
  minorVersion: 0 | 1,
): Framing {
  const framing = requestFraming(section, minorVersion)
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NONE
  return framing.kind === 'none' ? UNTIL_CLOSE : framing
}

function checkCodings({ lengths, codings, coding }: FieldSection, minorVersion: 0 | 1): void {
  if (lengths > 0) {
    throw new WireError(
      'length-conflicting',
      'Cannot frame a body: both Content-Length and Transfer-Encoding',
    )
  }
  // RFC 9112 §6.1: HTTP/1.0 has no transfer codings, so somebody between may have read on by its end.
  if (minorVersion === 0) {
    throw new WireError('coding-invalid', 'Cannot frame a body: Transfer-Encoding of HTTP/1.0')
  }
  if (codings === 1 && (coding === 'chunked' || coding.toLowerCase() === 'chunked')) return
  const code = codings === 1 && endsInChunks(coding) ? 'coding-unsupported' : 'coding-invalid'
  throw new WireError(code, `Cannot frame a body: Transfer-Encoding: "${coding}"`)
}

/**
 * The body's end could be found, but not what it holds: to an endpoint it would be passed on without its codings.
 * Where chunked is not the last (RFC 9112 §6.3), or not the only one of its kind (§6.1), the end is anybody's guess.
 */
function endsInChunks(codings: string): boolean {
  const names = codings.split(',').map((name) => name.trim().toLowerCase())
  return names.pop() === 'chunked' && names.every((name) => isToken(name) && name !== 'chunked')
}

function lengthOf({ lengths, length }: FieldSection): number {
  if (lengths === 1) return parseLength(length)
  throw new WireError('length-conflicting', `Cannot frame a body: ${lengths} Content-Lengths`)
}

const MAX_DIGITS = 16

/**
 * Reads a Content-Length.
 * @throws WireError unless it is digits only
 */
export function parseLength(value: string): number {
  let length = value === '' || value.length > MAX_DIGITS ? Number.NaN : 0
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30
    length = digit >= 0 && digit <= 9 ? length * 10 + digit : Number.NaN
  }
  if (Number.isSafeInteger(length)) return length
  throw new WireError('length-invalid', `Cannot frame a body: Content-Length: "${value}"`)
}
