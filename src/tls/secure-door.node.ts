import { Buffer } from 'node:buffer'
import { constants, createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { asError } from '../model/as-error.ts'
import type { ClientsAsked } from './scope.ts'
import type { TicketKey } from './ticket-keys.ts'

/** A certificate with its key, both PEM. */
export interface Identity {
  readonly chain: string
  readonly key: string
}

/** What every handshake of a gateway has in common. */
export interface DoorPolicy {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  onSecure(socket: TLSSocket): void
  /** @param socket as far as it has come */
  onFailure(error: Error, socket: TLSSocket): void
}

/** Suites of TLS 1.2 with forward secrecy and authenticated encryption (Mozilla, "intermediate"); those of 1.3 are all such. */
const SUITES = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
].join(':')
const GROUPS = 'X25519MLKEM768:X25519:prime256v1:secp384r1'
/** How long a session may be resumed: tickets are no better than their keys, which are kept for so long at least. */
export const SESSION_SECONDS = 4 * 3600
/** Measured: `npm run bench -- tls --rows many`. */
const DOOR_BYTES = 32_768
const weights = new WeakMap<Server, ArrayBuffer>()
/** Ours ends a handshake sooner, and however it drips. */
const NODE_HANDSHAKE_MS = 60_000

/**
 * Where connections to one scope are taken in: a `node:tls` server that listens nowhere, and is handed its sockets.
 *
 * @param scope a session is resumed within the same one only, or whoever was let in without a certificate elsewhere would
 * be let in here (CVE-2025-23419)
 * @throws Error when a certificate and its key cannot be used
 */
export function openDoor(
  scope: string,
  identities: readonly Identity[],
  clients: ClientsAsked | undefined,
  ticketKey: TicketKey,
  policy: DoorPolicy,
): Server {
  const used = oneOfEachKind(identities)
  const options: TlsOptions = {
    cert: used.map(({ chain }) => chain),
    key: used.map(({ key }) => key),
    minVersion: policy.minVersion,
    ciphers: SUITES,
    ecdhCurve: GROUPS,
    // The client knows whether it has AES in hardware.
    honorCipherOrder: false,
    // Of a client that speaks other protocols only the handshake fails (RFC 7301 §3.2).
    ALPNProtocols: ['http/1.1', 'http/1.0'],
    allowHalfOpen: true,
    handshakeTimeout: NODE_HANDSHAKE_MS,
    sessionTimeout: SESSION_SECONDS,
    sessionIdContext: createHash('sha256').update(scope).digest('hex').slice(0, 32),
    ticketKeys: Buffer.from(ticketKey.bytes),
    secureOptions:
      constants.SSL_OP_NO_RENEGOTIATION | (clients === undefined ? 0 : constants.SSL_OP_NO_TICKET),
  }
  if (clients !== undefined) {
    // Without tickets: who has lost a certificate, or was issued none any more, must not come in by an old session.
    options.ca = certificatesIn(clients.authority)
    options.requestCert = true
    options.rejectUnauthorized = clients.mode === 'require'
  }
  const server = createServer(options)
  weigh(server)
  server.on('secureConnection', (socket) => policy.onSecure(socket))
  server.on('tlsClientError', (error, socket) => policy.onFailure(error, socket))
  return server
}

/**
 * Tells V8 what OpenSSL holds for a door, which it does not see: thousands that nobody has any more would wait for a
 * collection that comes for another reason. Room that may be resized is mapped and stays untouched, so that it takes none.
 */
function weigh(door: Server): void {
  weights.set(door, new ArrayBuffer(DOOR_BYTES, { maxByteLength: DOOR_BYTES }))
}

/** @throws Error that names what it is of when it cannot be read, or key and certificate are no pair */
export function checkIdentity(identity: Identity, what: string): void {
  try {
    oneOfEachKind([identity])
  } catch (cause) {
    throw new Error(`Cannot use the certificate ${what}: ${asError(cause).message}`, { cause })
  }
}

/** The first certificate of each kind of key, each with its own. @throws Error when key and certificate are not a pair */
function oneOfEachKind(identities: readonly Identity[]): readonly Identity[] {
  const kinds = new Map<string | undefined, Identity>()
  for (const identity of identities) {
    const leaf = new X509Certificate(identity.chain)
    const key = createPrivateKey(identity.key)
    if (!leaf.checkPrivateKey(key)) throw new Error('the key is not that of the certificate')
    const kind = key.asymmetricKeyType
    if (!kinds.has(kind)) kinds.set(kind, identity)
  }
  return [...kinds.values()]
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** Node passes over what is none. @throws Error when there is none, or one of them cannot be read */
function certificatesIn(pem: string): string[] {
  const certificates = pem.match(CERTIFICATE) ?? []
  if (certificates.length === 0) throw new Error('no certificate is in the client authority')
  for (const one of certificates) new X509Certificate(one)
  return certificates
}
