import type { IncomingMessage } from 'node:http'
import type { RequestHead } from './plan.ts'

/** The head as `plan` reads it. */
export function headOf(request: IncomingMessage): RequestHead {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    hosts: hostsOf(request.rawHeaders),
    field: (name) => single(request.headers[name]),
  }
}

/** Every Host field: node:http's own map keeps the first only. */
function hostsOf(raw: readonly string[]): string[] {
  const hosts: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.length === 4 && raw[i]?.toLowerCase() === 'host') hosts.push(raw[i + 1] ?? '')
  }
  return hosts
}

/** A field that came several times, as one. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

/** Asks for an upgrade that we carry. With a body the request is an ordinary one: node:http would take the body for the upgraded protocol's bytes. */
export function isWebSocket({ method, headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0') return false
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}
