import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { AttemptErrorCode } from '../model/errors.ts'

export type TlsFailureCode = Extract<AttemptErrorCode, `tls-${string}`>

/** What kept a handshake from its end; undefined where that was not TLS. */
export function handshakeFailure(socket: Duplex, error: unknown): TlsFailureCode | undefined {
  // Node notes here what it finds wrong with a certificate, and nothing else.
  if (socket instanceof TLSSocket && socket.authorizationError) return 'tls-certificate-error'
  return tlsFailure(error)
}

/** What TLS has against a connection, as OpenSSL tells it; undefined where that was not TLS. */
export function tlsFailure(error: unknown): TlsFailureCode | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  const { code, message } = error
  // The other side's alerts have that in their names (SSL_R_TLSV1_ALERT_UNKNOWN_CA); of a write all comes as EPROTO.
  if (code.startsWith('ERR_SSL_'))
    return code.includes('_ALERT_') ? 'tls-alert-received' : 'tls-protocol-error'
  if (code !== 'EPROTO') return undefined
  return /\balert\b/i.test(message) ? 'tls-alert-received' : 'tls-protocol-error'
}
