import { valuesOf } from '../wire/fields.ts'
import { parseLength, type RequestFraming } from '../wire/framing.ts'
import { encodeChunk, encodeLastChunk } from '../wire/request-head.ts'
import { WireError } from '../wire/wire-error.ts'
import type { AttemptRequest } from './attempt.ts'
import { AttemptError } from './socket.ts'

/**
 * How the body goes out: by the length that the client gave, else chunked.
 * @throws WireError when there is no body for the length
 */
export function requestFraming<Body>(request: AttemptRequest<Body>): RequestFraming {
  const lengths = valuesOf(request.headers, 'content-length')
  if (lengths.length > 1) {
    throw new WireError('length-conflicting', `Cannot write a request: ${lengths.length} Content-Lengths`)
  }
  const length = lengths[0] === undefined ? undefined : parseLength(lengths[0])
  if (request.body !== null) return length === undefined ? { kind: 'chunked' } : { kind: 'fixed', length }
  if (length === undefined) return { kind: 'none' }
  if (length === 0) return { kind: 'fixed', length }
  throw new WireError('length-conflicting', `Cannot write a request: ${length} bytes promised without a body`)
}

/**
 * Writes a body as fast as the endpoint takes it: one chunk is under way at a time. No byte goes out beyond the length:
 * it would be the next request.
 * @throws AttemptError when the client's side fails. @throws what the writer rejects with when the endpoint's does
 */
export async function sendBody(
  source: ReadableStreamDefaultReader<Uint8Array>,
  framing: RequestFraming,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  const length = framing.kind === 'fixed' ? framing.length : Number.POSITIVE_INFINITY
  let sent = 0
  for (;;) {
    const { done, value } = await source.read().catch((cause) => {
      throw clientClosed(cause)
    })
    if (done) break
    sent += value.length
    if (sent > length) throw clientClosed(new Error(`The request's body is longer than its ${length} bytes`))
    // An empty chunk would be the last.
    if (value.length > 0) await writer.write(framing.kind === 'chunked' ? encodeChunk(value) : value)
  }
  if (framing.kind === 'chunked') await writer.write(encodeLastChunk())
  else if (sent < length)
    throw clientClosed(new Error(`The request's body ended after ${sent} of ${length} bytes`))
}

function clientClosed(cause: unknown): AttemptError {
  return new AttemptError({ code: 'client-closed', wasSent: true, cause })
}
