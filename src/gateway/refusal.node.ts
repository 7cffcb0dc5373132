import { Buffer } from 'node:buffer'
import { STATUS_CODES } from 'node:http'
import type { Peer } from '../identity/identify.ts'
import type { Observer, RequestStart } from '../telemetry/observer.ts'
import type { Refusal } from '../wire/response-text.ts'
import type { RequestFailure } from '../wire/server-handler.ts'
import type { DateField } from './date-field.node.ts'
import { errorReply } from './reply.ts'

/**
 * The answer to what is no request; none to a client that has left. Operators see it like any other: who is refused,
 * how and how often.
 */
export function refuse(
  failure: RequestFailure,
  peer: Peer,
  observer: Observer,
  date: DateField,
): Refusal | undefined {
  if (failure === 'client-closed') return undefined
  const following = observer.request(unreadable(peer))
  const { status, headers, body } = errorReply(failure, following.requestId)
  following.end({ status, error: failure, bytesReceived: 0, bytesSent: body.length })
  const fields = [...headers, 'Date', date.value]
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    fields,
    body: typeof body === 'string' ? Buffer.from(body, 'latin1') : body,
  }
}

/** Of a head that cannot be read nothing is known, whatever could be made of its parts. */
function unreadable({ address, scheme }: Peer): RequestStart {
  return {
    method: '',
    host: '',
    path: '',
    scheme,
    httpVersion: '1.1',
    clientAddress: address,
    peerAddress: address,
    userAgent: undefined,
    traceparent: undefined,
    tracestate: undefined,
    isTrusted: false,
    requestId: undefined,
  }
}
