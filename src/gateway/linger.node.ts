import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { Timers } from '../model/clock.ts'

/** How long, and how much, a client may go on sending after its answer. */
const LINGER_MS = 5_000
const LINGER_BYTES = 1_048_576

/**
 * Ends our side of a connection, and waits a little for the other to end its own: closed with bytes unread, the kernel
 * would send a reset, which can destroy the answer on its way (RFC 9112 §9.6).
 */
export function closeGently(socket: Duplex, timers: Timers): void {
  if (socket.destroyed) return
  socket.end()
  // When both sides have ended, the socket closes by itself.
  discard(socket, timers, () => socket.destroy(), 'close')
}

/** Reads and drops the rest of a request's body. `over` is called once: at its end, or when the client sends too long. */
export function discardBody(request: IncomingMessage, timers: Timers, over: () => void): void {
  if (request.complete || request.destroyed) over()
  else discard(request, timers, over, 'end')
}

function discard(source: Readable, timers: Timers, over: () => void, last: 'end' | 'close'): void {
  let bytes = 0
  const count = (chunk: Uint8Array): void => {
    bytes += chunk.length
    if (bytes > LINGER_BYTES) stop()
  }
  let isOver = false
  const stop = (): void => {
    if (isOver) return
    isOver = true
    timer.cancel()
    source.off('data', count).off(last, stop).off('close', stop)
    over()
  }
  const timer = timers.start(LINGER_MS, stop)
  source.on('data', count).on(last, stop).on('close', stop).resume()
}
