import type { Endpoint } from '../balance/endpoint.ts'
import { requestHeaders } from '../forward/headers.ts'
import type { Peer } from '../identity/identify.ts'
import type { ClientRequest } from '../wire/client-exchange.node.ts'
import type { EndpointAddress } from '../wire/client-pool.node.ts'
import type { ReceivedRequest } from '../wire/request-parser.ts'
import { forwardedFacts } from './observe.ts'
import { asksForWebSocket, httpVersionOf } from './received-head.ts'
import { isIdempotent } from './retry.ts'
import type { Forward } from './road.ts'

const NO_BODY = { kind: 'none' } as const

/**
 * A client's request as its endpoint gets it.
 * @param trace fields that carry the trace, as [name, value, …]
 */
export function endpointRequest(
  plan: Forward,
  head: ReceivedRequest,
  peer: Peer,
  requestId: string,
  trace: readonly string[],
): ClientRequest {
  const { method, framing } = head
  const fields = requestHeaders(
    head.fields,
    forwardedFacts(plan, peer, requestId, httpVersionOf(head)),
    trace,
  )
  const common = { method, target: plan.path, isIdempotent: isIdempotent(method) }
  if (!asksForWebSocket(head)) return { ...common, fields, framing, upgrade: undefined }
  return { ...common, fields: withoutLength(fields), framing: NO_BODY, upgrade: 'websocket' }
}

/** Where an endpoint is dialled: connections on which another identity was proven are not its own. */
export function placeOf(endpoint: Endpoint, { tls }: Forward): EndpointAddress {
  if (tls === undefined) return endpoint
  const { key, address, port } = endpoint
  return { key: `${key} ${tls.id}`, address, port, tls }
}

/** An upgrade may say that it has no body; what goes on says so by saying nothing. */
function withoutLength(fields: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== 'content-length') kept.push(fields[i] ?? '', fields[i + 1] ?? '')
  }
  return kept
}
