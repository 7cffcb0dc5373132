import type { RequestHead } from './plan.ts'

/** Fields that an endpoint should never have sent (RFC 9110 §5.5): fetch lets them through on some platforms. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the characters in question
const NEVER_IN_A_FIELD = /[\x00-\x08\x0a-\x1f\x7f]/

export function areWritable(fields: readonly string[]): boolean {
  return !fields.some((part) => NEVER_IN_A_FIELD.test(part))
}

/** The head as `plan` reads it. The platform has parsed it: one Host, and no dot segments. */
export function headOf(request: Request): RequestHead {
  const start = request.url.indexOf('://') + 3
  const end = request.url.indexOf('/', start)
  return {
    method: request.method,
    target: request.url,
    hosts: [request.url.slice(start, end < 0 ? undefined : end)],
    field: (name) => request.headers.get(name) ?? undefined,
  }
}

/** A request for an upgrade that we carry. */
export function isWebSocket({ method, headers }: Request): boolean {
  return method === 'GET' && headers.get('upgrade')?.toLowerCase() === 'websocket'
}

/** @returns undefined when the length is not known */
export function lengthOf(headers: Headers): number | undefined {
  const text = headers.get('content-length')
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined
}

/** [name, value, …] as the platform wants them. */
export function headersFrom(fields: readonly string[]): Headers {
  const headers = new Headers()
  for (let i = 0; i + 1 < fields.length; i += 2) headers.append(fields[i] ?? '', fields[i + 1] ?? '')
  return headers
}

/** Fields as [name, value, …]. */
export function fieldsOf(headers: Headers): string[] {
  return [...headers].flat()
}
