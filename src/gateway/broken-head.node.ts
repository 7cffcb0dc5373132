import type { Duplex } from 'node:stream'
import type { Timers } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import { closeGently } from './linger.node.ts'
import { errorReply } from './reply.ts'

/** The connection ended, or the body did before its end. */
const CLIENT_LEFT: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE'])

/** What node:http's parser means by its errors. */
export function clientErrorCode(error: Error): ErrorCode {
  const code = 'code' in error ? error.code : ''
  if (code === 'HPE_HEADER_OVERFLOW') return 'request-head-too-large'
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout'
  if (CLIENT_LEFT.has(String(code))) return 'client-closed'
  return 'request-invalid'
}

/** A head that no parser takes as one request: answered and closed, never passed on. */
export function answerBrokenHead(error: Error, socket: Duplex, timers: Timers): void {
  if (!socket.writable || ('code' in error && error.code === 'ECONNRESET')) {
    socket.destroy()
    return
  }
  const reply = errorReply(clientErrorCode(error), '')
  let head = `HTTP/1.1 ${reply.status} \r\nConnection: close\r\n`
  for (let i = 0; i + 1 < reply.headers.length; i += 2)
    head += `${reply.headers[i]}: ${reply.headers[i + 1]}\r\n`
  socket.write(`${head}\r\n${reply.body}`)
  closeGently(socket, timers)
}
