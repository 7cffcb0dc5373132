import { responseHeaders } from '../forward/headers.ts'
import { hostOfAuthority } from '../model/host.ts'
import type { RequestHead } from './road.ts'
import { headerBytesOf } from './size-limits.ts'

/** Fields that an endpoint should never have sent (RFC 9110 §5.5): fetch lets them through on some platforms. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the characters in question
const NEVER_IN_A_FIELD = /[\x00-\x08\x0a-\x1f\x7f]/

/**
 * The fields for the client; the very ones that came when all of them may go on, for making new ones is dear.
 * @param more what the client is told besides, as [name, value, …]
 * @returns undefined when a field cannot be written
 */
export function answerHeaders(came: Headers, status: number, more: readonly string[]): Headers | undefined {
  const fields = fieldsOf(came)
  if (fields.some((part) => NEVER_IN_A_FIELD.test(part))) return undefined
  const kept = responseHeaders(fields, status)
  return kept.length === fields.length && more.length === 0 ? came : headersFrom([...kept, ...more])
}

/** A head of the web, with its fields as [name, value, …], names in lower case. */
export interface FetchHead extends RequestHead {
  readonly fields: readonly string[]
}

/**
 * The head as `plan` reads it. The platform has parsed it: one Host, and no dot segments. Everything is asked of the
 * platform once: each crossing costs as much as a search through the fields.
 */
export function headOf({ method, url, headers }: Request): FetchHead {
  const start = url.indexOf('://') + 3
  const end = url.indexOf('/', start)
  const fields = fieldsOf(headers)
  const host = fieldIn(fields, 'host')
  // Of `a?b` workerd makes a host and a query: what is no host is left for `plan` to refuse.
  const isReadable = host === undefined || hostOfAuthority(host) !== undefined
  return {
    method,
    target: url,
    hosts: [isReadable ? url.slice(start, end < 0 ? undefined : end) : host],
    fields,
    field: (name) => fieldIn(fields, name),
    headerBytes: () => headerBytesOf(fields),
  }
}

/** A request for an upgrade that we carry. */
export function isWebSocket({ method, field }: RequestHead): boolean {
  return method === 'GET' && field('upgrade')?.toLowerCase() === 'websocket'
}

/** What a Content-Length says. @returns undefined when the length is not known */
export function parseLength(text: string | undefined | null): number | undefined {
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined
}

function fieldIn(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === name) return fields[i + 1]
  return undefined
}

/** [name, value, …] as the platform wants them. */
export function headersFrom(fields: readonly string[]): Headers {
  const headers = new Headers()
  for (let i = 0; i + 1 < fields.length; i += 2) headers.append(fields[i] ?? '', fields[i + 1] ?? '')
  return headers
}

/** Fields as [name, value, …]. */
export function fieldsOf(headers: Headers): string[] {
  const fields: string[] = []
  for (const [name, value] of headers) fields.push(name, value)
  return fields
}
