import type { Timers } from '../model/clock.ts'
import type { AttemptErrorCode } from '../model/errors.ts'
import type { AttemptFailure } from './attempt.ts'

/** One connection as web streams: what Cloudflare's `connect()` gives. */
export interface SocketDuplex {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
  /** Ends both directions at once. Called once or more; what it throws or rejects with is of no interest. */
  close(): unknown
}

/**
 * Opens a connection, and resolves when it stands, not before (on Cloudflare: after `socket.opened`): what fails until
 * then has sent nothing, and may be tried elsewhere. A `code` of the kernel on what it rejects with is understood.
 */
export type Connect = (address: string, port: number) => Promise<SocketDuplex>

/** A failed attempt as an error, for streams. */
export class AttemptError extends Error {
  readonly failure: AttemptFailure
  constructor(failure: AttemptFailure) {
    super(`Cannot finish the attempt: ${failure.code}`, { cause: failure.cause })
    this.failure = failure
  }
}

export interface OpenOptions {
  readonly connect: Connect
  readonly connectTimeoutMs: number
  readonly timers: Timers
  readonly signal: AbortSignal
}

/**
 * Opens a connection in time, or not at all: one that comes too late is closed.
 * @throws AttemptError
 */
export async function openSocket(address: string, port: number, options: OpenOptions): Promise<SocketDuplex> {
  const { connect, connectTimeoutMs, timers, signal } = options
  if (signal.aborted) throw unsent('client-closed', signal.reason)
  const { promise, resolve, reject } = Promise.withResolvers<SocketDuplex>()
  let isOver = false
  const giveUp = (error: AttemptError): void => {
    isOver = true
    reject(error)
  }
  const onAbort = (): void => giveUp(unsent('client-closed', signal.reason))
  const timer = timers.start(connectTimeoutMs, () => giveUp(unsent('connect-timeout', undefined)))
  signal.addEventListener('abort', onAbort)
  // Cloudflare's connect() throws at once for what it will never dial.
  const dial = async (): Promise<SocketDuplex> => connect(address, port)
  dial().then(
    (socket) => (isOver ? closeSocket(socket) : resolve(socket)),
    (error) => giveUp(unsent(connectErrorCode(error), error)),
  )
  try {
    return await promise
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', onAbort)
  }
}

/** Closes whatever is left of a connection. Never throws. */
export function closeSocket(socket: SocketDuplex): void {
  const close = async (): Promise<unknown> => socket.close()
  close().catch(() => {})
}

/** A stream with bytes that were read off it already in front again. */
export function startWith(first: Uint8Array, rest: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => controller.enqueue(first),
  })
  rest.pipeTo(writable).catch(() => {})
  return readable
}

function unsent(code: AttemptErrorCode, cause: unknown): AttemptError {
  return new AttemptError({ code, wasSent: false, cause })
}

/** Workers tell no more than that there is no connection. */
function connectErrorCode(error: unknown): AttemptErrorCode {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ETIMEDOUT') return 'connect-timeout'
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL')
    return 'endpoint-unreachable'
  return 'connect-refused'
}
