import { valuesOf } from './fields.ts'
import type { ResponseHead } from './response-head.ts'
import { WireError } from './wire-error.ts'

/** How a body's end is found. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' }

/**
 * How long a response's body is (RFC 9112 §6.3). What two recipients could read in two ways is refused, also where it
 * would not matter to us: both framings, a repeated length (Node refuses those too), codings that we do not undo.
 * @throws WireError
 */
export function responseFraming(method: string, head: ResponseHead): Framing {
  const lengths = valuesOf(head.fields, 'content-length')
  const codings = valuesOf(head.fields, 'transfer-encoding')
  if (codings.length > 0) checkCodings(codings, lengths, head.minorVersion)
  const length = lengths.length === 0 ? undefined : parseLength(lengths)
  const { status } = head
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' }
  if (codings.length > 0) return { kind: 'chunked' }
  if (length !== undefined) return { kind: 'fixed', length }
  return { kind: 'until-close' }
}

function checkCodings(codings: readonly string[], lengths: readonly string[], minorVersion: 0 | 1): void {
  if (lengths.length > 0) {
    throw new WireError(
      'length-conflicting',
      'Cannot frame a body: both Content-Length and Transfer-Encoding',
    )
  }
  // RFC 9112 §6.1: HTTP/1.0 has no transfer codings, so somebody between may have read on by its end.
  if (minorVersion === 0) {
    throw new WireError('coding-unsupported', 'Cannot frame a body: Transfer-Encoding of HTTP/1.0')
  }
  if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked') {
    throw new WireError(
      'coding-unsupported',
      `Cannot frame a body: Transfer-Encoding: "${codings.join(', ')}"`,
    )
  }
}

/**
 * Reads the values of Content-Length.
 * @throws WireError unless there is exactly one, of digits only
 */
export function parseLength(values: readonly string[]): number {
  const [value = ''] = values
  if (values.length !== 1) {
    throw new WireError('length-conflicting', `Cannot frame a body: ${values.length} Content-Lengths`)
  }
  const length = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(length)) {
    throw new WireError('length-invalid', `Cannot frame a body: Content-Length: "${value}"`)
  }
  return length
}
