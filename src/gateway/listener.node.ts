import type { Socket } from 'node:net'
import type { Peer } from '../identity/identify.ts'
import type { Cidr } from '../model/address.ts'
import { wireBounds } from '../wire/bounds.ts'
import { Deadlines } from '../wire/deadlines.ts'
import { ServerConnection, type ServerConnectionParts } from '../wire/server-connection.node.ts'
import { ConnectionBounds, type ConnectionCounts, type ConnectionLimits } from './connection-bounds.ts'
import { Entrance, type ListenAt } from './entrance.node.ts'
import { refuse } from './refusal.node.ts'
import { Requests, type RequestsParts } from './requests.node.ts'
import type { HandshakeTotals } from './tls/handshake-counts.ts'
import { Handshakes, type TlsParts } from './tls/handshakes.node.ts'
import { LINGER_MS } from './tunnel.node.ts'

export interface GatewayParts extends RequestsParts {
  /** Balancers that begin each connection with a PROXY header. */
  readonly proxyProtocol: readonly Cidr[]
  readonly connections: ConnectionLimits
  /** How many bytes a second a client sends at least, while its body is waited for; 0: it may be as slow as it likes. */
  readonly minBodyRate: number
  /** Absent: TLS is not spoken. */
  readonly tls?: TlsParts | undefined
}

const MAX_HEAD_BYTES = 32_768
/** How long a client may take over a request's head, and before that over a handshake. */
const HEAD_TIMEOUT_MS = 10_000
/** As long again may a body stand still: as long as TCP takes over a few packets that are lost in a row. */
const BODY_GRACE_MS = 10_000
/** How long an idle client connection is kept; longer than most load balancers keep theirs. */
const KEEP_ALIVE_MS = 75_000
const CONNECTION_TICK_MS = 1_000
/** While it drains: a client that has a connection at hand gets to hear `Connection: close` on its next answer. */
const IDLE_GRACE_MS = 2_000

/** Listens for clients, and holds their connections. */
export class Listener {
  readonly #parts: GatewayParts
  readonly #requests: Requests
  readonly #connectionParts: ServerConnectionParts
  readonly #plain: Entrance
  readonly #secure: Entrance
  /** Undefined: TLS is not spoken. */
  readonly #handshakes: Handshakes | undefined
  readonly #open: Entrance[] = []
  /** Every connection that is open, and whose it is. */
  readonly #peers = new Map<ServerConnection, Peer>()
  readonly #bounds: ConnectionBounds
  #isDraining = false
  #closesIdle = false

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.#bounds = new ConnectionBounds(parts.connections, parts.clock, parts.onTrouble)
    this.#requests = new Requests(parts)
    const { date } = this.#requests
    const deadlines = new Deadlines(parts.timers, CONNECTION_TICK_MS)
    this.#connectionParts = {
      bounds: { ...wireBounds, headBytes: MAX_HEAD_BYTES },
      // When nothing moves at all the exchange has its own deadlines.
      timeouts: { headMs: HEAD_TIMEOUT_MS, idleMs: KEEP_ALIVE_MS, stallMs: 0, lingerMs: LINGER_MS },
      minBodyRate: { bytesPerSecond: parts.minBodyRate, graceMs: BODY_GRACE_MS },
      deadlines,
      endIsLeaving: true,
      onRequest: (exchange, connection) => this.#requests.begin(exchange, this.#peerOf(connection)),
      refuse: (failure, _cause, connection) =>
        refuse(failure, this.#peerOf(connection), parts.observer, date),
      onClose: (connection) => this.#onClose(connection),
    }
    const { trustedProxies } = parts.road
    const arrival = { ...parts, trustedProxies, deadlines, headMs: HEAD_TIMEOUT_MS }
    this.#plain = new Entrance({
      ...arrival,
      scheme: 'http',
      onPeer: (socket, peer) => this.#admit(socket, peer, () => this.#serve(socket, peer)),
    })
    this.#secure = new Entrance({
      ...arrival,
      scheme: 'https',
      onPeer: (socket, peer) => this.#admit(socket, peer, () => this.#handshakes?.add(socket, peer)),
    })
    this.#handshakes =
      parts.tls &&
      new Handshakes({
        ...parts.tls,
        deadlines,
        limitMs: HEAD_TIMEOUT_MS,
        onSecure: (socket, peer) => this.#serve(socket, peer),
        onGone: (peer) => this.#bounds.give(peer),
        onTrouble: parts.onTrouble,
      })
  }

  get connections(): ConnectionCounts {
    return this.#bounds.counts
  }

  get handshakes(): HandshakeTotals {
    return this.#handshakes?.counts ?? { made: [], failed: {} }
  }

  /** @returns the port, for when 0 was asked for. */
  async listen(at: ListenAt): Promise<number> {
    return await this.#listen(this.#plain, at)
  }

  /** As {@link listen}, for clients that speak TLS. */
  async listenSecurely(at: ListenAt): Promise<number> {
    if (this.#handshakes === undefined) throw new Error('Cannot listen for TLS: no certificates were given')
    return await this.#listen(this.#secure, at)
  }

  async #listen(entrance: Entrance, at: ListenAt): Promise<number> {
    this.#open.push(entrance)
    return await entrance.listen(at)
  }

  /** From now on every response asks its client to leave. Connections are still accepted. */
  startDraining(): void {
    this.#isDraining = true
    for (const connection of this.#peers.keys()) connection.drain()
  }

  /** Accepts nothing more, lets what is under way end, and cuts what is left after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.startDraining()
    const { timers } = this.#parts
    // Not at once: a request may be on its way just now.
    const idle = timers.start(Math.min(IDLE_GRACE_MS, graceMs), () => {
      this.#closesIdle = true
      for (const entrance of this.#open) entrance.cut()
      this.#handshakes?.cut()
      for (const connection of this.#peers.keys()) connection.closeWhenIdle()
    })
    const cut = timers.start(graceMs, () => {
      for (const connection of this.#peers.keys()) connection.cut()
    })
    await Promise.all(this.#open.map((entrance) => entrance.close()))
    idle.cancel()
    cut.cancel()
  }

  /** Takes a place for the connection, which has to be given back. */
  #admit(socket: Socket, peer: Peer, then: () => void): void {
    if (this.#bounds.take(peer)) then()
    // With a reset nothing of it stays here, and a balancer knows at once.
    else socket.on('error', () => {}).resetAndDestroy()
  }

  #serve(socket: Socket, peer: Peer): void {
    const connection = new ServerConnection(socket, this.#connectionParts)
    this.#peers.set(connection, peer)
    if (this.#isDraining) connection.drain()
    if (this.#closesIdle) connection.closeWhenIdle()
  }

  #onClose(connection: ServerConnection): void {
    const peer = this.#peers.get(connection)
    if (peer !== undefined) this.#bounds.give(peer)
    this.#peers.delete(connection)
  }

  #peerOf(connection: ServerConnection): Peer {
    const peer = this.#peers.get(connection)
    if (peer === undefined) throw new Error('Cannot serve a request: its connection is not known')
    return peer
  }
}
