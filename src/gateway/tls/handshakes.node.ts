import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Peer } from '../../identity/identify.ts'
import { asError } from '../../model/as-error.ts'
import { normaliseHost } from '../../model/host.ts'
import type { OpenSecret } from '../../model/secret-part.ts'
import { describeClientCertificate } from '../../tls/client-certificate.node.ts'
import type { ClientHello } from '../../tls/client-hello.ts'
import { SecureDoors } from '../../tls/secure-doors.node.ts'
import type { TicketRing } from '../../tls/ticket-keys.ts'
import type { Deadlines } from '../../wire/deadlines.ts'
import { Handshake } from './handshake.node.ts'
import { failureOf, HandshakeCounts, type HandshakeFailure } from './handshake-counts.ts'
import type { Negotiation, Scopes } from './scopes.ts'

/** What TLS needs that plain HTTP does not. */
export interface TlsParts {
  readonly scopes: Scopes
  readonly tickets: TicketRing
  readonly openSecret: OpenSecret
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

export interface HandshakesParts extends TlsParts {
  readonly deadlines: Deadlines
  readonly limitMs: number
  /** @param peer with what was negotiated */
  onSecure(socket: TLSSocket, peer: Peer): void
  /** It came to nothing, and the socket is closed. */
  onGone(peer: Peer): void
  onTrouble(error: Error): void
}

interface Pending {
  readonly handshake: Handshake
  readonly peer: Peer
  hello: ClientHello | undefined
  negotiation: Negotiation | undefined
  current: Current | undefined
}

/** Emptied when the handshake is over: whatever the connection begins later on holds it. */
interface Current {
  pending: Pending | undefined
}

/** Connections between the moment that it is known whose they are and the end of their handshake. */
export class Handshakes {
  readonly #parts: HandshakesParts
  readonly #doors: SecureDoors
  readonly #counts = new HandshakeCounts()
  readonly #pending = new Map<Handshake, Pending>()
  /** Whose events are heard: `node:tls` tells of a socket of its own, and not which one it was handed. */
  readonly #current = new AsyncLocalStorage<Current>()

  /** Of the socket whose close is being told: whoever refused it heard of it outside of its own events. */
  #isRefusal = false

  constructor(parts: HandshakesParts) {
    this.#parts = parts
    const { minVersion, openSecret } = parts
    const onSecure = (socket: TLSSocket): void => this.#onSecure(socket)
    const onFailure = (error: Error, socket: TLSSocket): void => this.#onFailure(error, socket)
    this.#doors = new SecureDoors({ minVersion, onSecure, onFailure }, openSecret)
  }

  get counts() {
    return this.#counts.totals
  }

  add(socket: Socket, peer: Peer): void {
    const { deadlines, limitMs } = this.#parts
    const handshake: Handshake = new Handshake(socket, {
      deadlines,
      limitMs,
      onHello: (_, hello) => this.#onHello(pending, hello),
      onGone: (_, why) => this.#onGone(pending, why),
    })
    const pending: Pending = { handshake, peer, hello: undefined, negotiation: undefined, current: undefined }
    this.#pending.set(handshake, pending)
  }

  /** Ends all that are not made yet. */
  cut(): void {
    for (const handshake of this.#pending.keys()) handshake.fail('closed')
  }

  #onHello(pending: Pending, hello: ClientHello): void {
    const { serverName } = hello
    pending.hello = hello
    const negotiation = this.#parts.scopes.find(
      serverName === undefined ? undefined : normaliseHost(serverName),
    )
    if (negotiation === undefined) pending.handshake.fail('name-unknown', 'unrecognized-name')
    else void this.#begin(pending, negotiation, hello)
  }

  /** Never rejects. */
  async #begin(pending: Pending, negotiation: Negotiation, hello: ClientHello): Promise<void> {
    const { handshake } = pending
    const { scopes, tickets, onTrouble } = this.#parts
    pending.negotiation = negotiation
    try {
      const door = await this.#doors.door(negotiation.scope, tickets.keyFor(hello.ticketKeyNames))
      const { socket } = handshake
      if (socket.destroyed) return
      pending.current = { pending }
      // As Node has it for connections that were accepted elsewhere.
      this.#current.run(pending.current, () => door.emit('connection', socket))
    } catch (error) {
      onTrouble(new Error(`Cannot make a handshake for ${nameOf(hello)}: ${reasonOf(negotiation, error)}`))
      const instead = scopes.instead(negotiation)
      if (instead === undefined) handshake.fail('certificate-unusable', 'internal-error')
      else await this.#begin(pending, instead, hello)
    }
  }

  #onSecure(socket: TLSSocket): void {
    const pending = this.#current.getStore()?.pending
    const isSame = pending?.hello !== undefined && isNameOf(socket, pending.hello)
    if (pending === undefined || !isSame) {
      pending?.handshake.blame('hello-invalid')
      socket.destroy()
      return
    }
    const peer = peerOf(pending, socket)
    if (peer === undefined) {
      pending.handshake.blame('client-certificate')
      socket.destroy()
      return
    }
    pending.handshake.release()
    this.#forget(pending)
    this.#counts.made(socket.getProtocol() ?? '', socket.isSessionReused())
    this.#parts.onSecure(socket, peer)
  }

  #onFailure(error: Error, socket: TLSSocket): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
    if (socket.authorizationError) this.#isRefusal = true
    else this.#current.getStore()?.pending?.handshake.blame(failureOf(code))
    socket.destroy()
  }

  #onGone(pending: Pending, why: HandshakeFailure): void {
    this.#forget(pending)
    this.#counts.failed(this.#isRefusal ? 'client-certificate' : why)
    this.#isRefusal = false
    this.#parts.onGone(pending.peer)
  }

  #forget(pending: Pending): void {
    this.#pending.delete(pending.handshake)
    if (pending.current !== undefined) pending.current.pending = undefined
  }
}

/** The name that was answered must be the one that was looked up. Of a session that goes on by TLS 1.2 OpenSSL tells none. */
function isNameOf(socket: TLSSocket, { serverName }: ClientHello): boolean {
  const answered = socket.servername || undefined
  if (answered === undefined && socket.isSessionReused()) return true
  return answered?.toLowerCase() === serverName?.toLowerCase()
}

/** @returns undefined when its certificate is none that was asked for */
function peerOf({ peer, hello, negotiation }: Pending, socket: TLSSocket): Peer | undefined {
  const isAsked = negotiation?.authority !== undefined
  const certificate = isAsked ? socket.getPeerX509Certificate() : undefined
  if (certificate !== undefined && !socket.authorized) return undefined
  return {
    ...peer,
    tls: {
      serverName: hello?.serverName === undefined ? undefined : normaliseHost(hello.serverName),
      version: socket.getProtocol() ?? '',
      cipher: socket.getCipher().standardName,
      certificate: negotiation?.certificate,
      authority: negotiation?.authority,
      client: certificate && describeClientCertificate(certificate),
    },
  }
}

function nameOf({ serverName }: ClientHello): string {
  return serverName === undefined ? 'a client that names no host' : `"${serverName}"`
}

function reasonOf({ certificate, scope }: Negotiation, error: unknown): string {
  const whose =
    certificate === undefined ? "the gateway's own certificate" : `certificate ${certificate.keys.join()}`
  const clients = scope.clients === undefined ? '' : ', or its client authority,'
  return `${whose}${clients} cannot be used: ${asError(error).message}`
}
