import { wireBounds } from '../wire/bounds.ts'
import type { RequestFraming } from '../wire/framing.ts'
import { encodeRequestHead } from '../wire/request-head.ts'
import { WireError } from '../wire/wire-error.ts'
import type { AttemptRequest } from './attempt.ts'
import { AttemptError, openSocket } from './socket.ts'
import { requestFraming } from './socket-body.ts'
import { SocketExchange, type SocketFetchOptions, type SocketFetchResult } from './socket-exchange.ts'

/**
 * One HTTP/1.1 exchange over a connection of its own, which closes after it. The request's headers are what
 * `requestHeaders` made, the framing is ours. Resolves with the response's head, also while the request's body is still
 * on its way. Aborting ends everything as `client-closed`: whoever aborts knows the reason. A body is
 * untouched, and can go to another endpoint, unless the request was sent. Never rejects.
 */
export async function fetchOverSocket(
  request: AttemptRequest<ReadableStream<Uint8Array>>,
  options: SocketFetchOptions,
): Promise<SocketFetchResult> {
  let framing: RequestFraming
  let head: Uint8Array
  try {
    framing = requestFraming(request)
    head = encodeRequestHead({
      method: request.method,
      target: request.path,
      fields: request.headers,
      framing,
      upgrade: request.upgrade,
      keepsAlive: false,
    })
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    return { kind: 'failed', failure: { code: 'request-invalid', wasSent: false, cause } }
  }
  try {
    const socket = await openSocket(request.address, request.port, options)
    return await new SocketExchange(socket, request, options, wireBounds).start(head, framing)
  } catch (error) {
    if (!(error instanceof AttemptError)) throw error
    return { kind: 'failed', failure: error.failure }
  }
}
