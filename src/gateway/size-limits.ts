import type { ErrorCode } from '../model/errors.ts'
import type { LimitsRecord } from '../model/limits.ts'
import type { RequestHead } from './road.ts'

/** What is wrong with the size of a request, as far as its head tells. A body that says no length is counted as it comes. */
export function sizeFault(limits: LimitsRecord, head: RequestHead): ErrorCode | undefined {
  const { headerBytes, bodyBytes } = limits
  // A head that nobody has measured may be any size.
  if (headerBytes !== undefined && (head.headerBytes?.() ?? Number.POSITIVE_INFINITY) > headerBytes) {
    return 'request-head-too-large'
  }
  if (bodyBytes === undefined) return undefined
  return Number(head.field('content-length') ?? 0) > bodyBytes ? 'request-body-too-large' : undefined
}

/** Bytes of header fields, as HTTP/1.1 writes them: name, colon, space, value, CRLF. @param fields [name, value, …] */
export function headerBytesOf(fields: readonly string[]): number {
  let bytes = 0
  // Four more for each pair: two for each text.
  for (const text of fields) bytes += text.length + 2
  return bytes
}
