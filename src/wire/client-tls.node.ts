import { Duplex } from 'node:stream'
import {
  type ConnectionOptions,
  connect as connectSocket,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import { asError } from '../model/as-error.ts'
import type { Clock } from '../model/clock.ts'
import { formatAuthority } from '../model/host.ts'
import { nameFault, secureContextOf } from './tls-context.node.ts'
import { handshakeFailure } from './tls-failure.node.ts'
import type { TlsIdentity } from './tls-identity.ts'
import { TlsSessions } from './tls-sessions.ts'

/** Opens a connection over TLS, and says when it stands: verified, with nothing of ours written yet. */
export type ConnectTls = (address: string, port: number, identity: TlsIdentity, onReady: () => void) => Duplex

export interface TlsConnectorOptions {
  readonly clock: Pick<Clock, 'elapsed'>
  /** Hears why a handshake failed: once an endpoint, until one succeeds there. */
  readonly onTrouble: (error: Error) => void
}

/** HTTP/1.1 is all that is spoken on these connections. */
const PROTOCOLS = ['http/1.1']
const MAX_TOLD = 100

/** Opens connections over TLS: to each endpoint as its identity says, and with its last session where there is one. */
export class TlsConnector {
  readonly #options: TlsConnectorOptions
  readonly #contexts = new WeakMap<TlsIdentity, SecureContext>()
  readonly #sessions: TlsSessions<Buffer>
  readonly #told = new Set<string>()

  constructor(options: TlsConnectorOptions) {
    this.#options = options
    this.#sessions = new TlsSessions(options.clock)
  }

  /** @throws Error when an identity cannot be used */
  check(identity: TlsIdentity): void {
    this.#contextOf(identity)
  }

  readonly connect: ConnectTls = (address, port, identity, onReady) => {
    const key = `${formatAuthority(address, port)} ${identity.id}`
    try {
      const socket = connectSocket(this.#optionsOf(address, port, identity, key))
      socket.once('connect', () => socket.setNoDelay(true))
      this.#watch(socket, key, identity)
      return socket.once('secureConnect', onReady)
    } catch (error) {
      // Told like any failure: by `error` and `close`.
      return new Duplex({ read() {}, write() {} }).destroy(asError(error))
    }
  }

  #optionsOf(address: string, port: number, identity: TlsIdentity, key: string): ConnectionOptions {
    const session = this.#sessions.get(key)
    return {
      host: address,
      port,
      servername: identity.serverName,
      secureContext: this.#contextOf(identity),
      rejectUnauthorized: identity.verify,
      checkServerIdentity: (_, certificate) => nameFault(identity.names, certificate),
      ALPNProtocols: PROTOCOLS,
      ...(session === undefined ? {} : { session }),
    }
  }

  #contextOf(identity: TlsIdentity): SecureContext {
    const known = this.#contexts.get(identity)
    if (known !== undefined) return known
    const context = secureContextOf(identity)
    this.#contexts.set(identity, context)
    return context
  }

  #watch(socket: TLSSocket, key: string, identity: TlsIdentity): void {
    let verifiedAt: number | undefined
    socket.on('session', (session) => {
      // Of TLS 1.3 they come later, and of 1.2 before the certificate has been looked at.
      if (verifiedAt !== undefined) this.#sessions.put(key, session, verifiedAt)
    })
    const onError = (error: Error): void => {
      this.#sessions.drop(key)
      if (handshakeFailure(socket, error) !== undefined) this.#tell(key, identity, error)
    }
    socket.once('error', onError)
    socket.once('secureConnect', () => {
      socket.off('error', onError)
      this.#told.delete(key)
      const since = socket.isSessionReused() ? this.#sessions.sinceOf(key) : undefined
      verifiedAt = since ?? this.#options.clock.elapsed()
      const session = socket.getProtocol() === 'TLSv1.2' ? socket.getSession() : undefined
      if (session !== undefined) this.#sessions.put(key, session, verifiedAt)
    })
  }

  #tell(key: string, { serverName }: TlsIdentity, cause: Error): void {
    if (this.#told.has(key) || this.#told.size >= MAX_TOLD) return
    this.#told.add(key)
    const [endpoint] = key.split(' ')
    this.#options.onTrouble(
      new Error(`Cannot speak TLS with endpoint ${endpoint} as ${serverName}`, { cause }),
    )
  }
}
