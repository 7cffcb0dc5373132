import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Peer } from '../identity/identify.ts'
import type { Cidr } from '../model/address.ts'
import type { Clock, Timers } from '../model/clock.ts'
import type { Observer } from '../telemetry/observer.ts'
import { wireBounds } from '../wire/bounds.ts'
import { Deadlines } from '../wire/deadlines.ts'
import { ServerConnection, type ServerConnectionParts } from '../wire/server-connection.node.ts'
import type { ServerExchange } from '../wire/server-exchange.node.ts'
import { Arrivals } from './arrivals.node.ts'
import { ConnectionBounds, type ConnectionCounts, type ConnectionLimits } from './connection-bounds.ts'
import { DateField } from './date-field.node.ts'
import { Exchange, type ExchangeParts } from './exchange.node.ts'
import { type Decided, observeRequest, withoutQuery } from './observe.ts'
import { type ClusterRoad, planAcross } from './plan-across.ts'
import { httpVersionOf, ReceivedHead } from './received-head.ts'
import { refuse } from './refusal.node.ts'
import type { Forward, RoadOptions } from './road.ts'
import { type Finders, findOut, unknownError, WAITS } from './road-state.ts'
import type { ServedCluster } from './served-cluster.ts'
import type { GatewayState } from './state.ts'
import { LINGER_MS } from './tunnel.node.ts'

export interface GatewayParts extends Pick<ExchangeParts, 'pool' | 'random'>, Finders {
  /** In the operator's order: a host is the first one's that knows it. */
  readonly clusters: readonly ServedCluster[]
  readonly observer: Observer
  readonly road: RoadOptions
  /** Balancers that begin each connection with a PROXY header. */
  readonly proxyProtocol: readonly Cidr[]
  readonly clock: Clock
  readonly timers: Timers
  /** A fault of ours, or of the network, that no client is to blame for. */
  readonly onTrouble: (error: Error) => void
  readonly connections: ConnectionLimits
}

/** Where clients are listened for: an address, or a socket bound to one that this process was given. */
export type ListenAt = { readonly host: string; readonly port: number } | { readonly fd: number }

const BACKLOG = 4096
const MAX_HEAD_BYTES = 32_768
/** How long a client may take over a request's head. */
const HEAD_TIMEOUT_MS = 10_000
/** How long an idle client connection is kept; longer than most load balancers keep theirs. */
const KEEP_ALIVE_MS = 75_000
const CONNECTION_TICK_MS = 1_000
/** Requests have the deadlines that their Services set, some of them short. */
const EXCHANGE_TICK_MS = 50
/** While it drains: a client that has a connection at hand gets to hear `Connection: close` on its next answer. */
const IDLE_GRACE_MS = 2_000

/** Listens for clients, and walks each request down the road: plan, then carry out. */
export class Listener {
  readonly #parts: GatewayParts
  readonly #road: ClusterRoad
  /** By the cluster that a plan names. */
  readonly #states: ReadonlyMap<string | undefined, GatewayState>
  readonly #exchangeParts: ExchangeParts
  readonly #connectionParts: ServerConnectionParts
  readonly #arrivals: Arrivals
  readonly #server: Server
  /** Every connection that is open, and whose it is. */
  readonly #peers = new Map<ServerConnection, Peer>()
  readonly #bounds: ConnectionBounds
  #isDraining = false
  #closesIdle = false

  constructor(parts: GatewayParts) {
    this.#parts = parts
    const { clusters, road, random, pool, timers, clock } = parts
    this.#road = { clusters, options: road, random }
    this.#bounds = new ConnectionBounds(parts.connections, clock, parts.onTrouble)
    this.#states = new Map(clusters.map(({ name, state }) => [name, state]))
    const date = new DateField(clock)
    this.#exchangeParts = { pool, random, date, deadlines: new Deadlines(timers, EXCHANGE_TICK_MS) }
    this.#connectionParts = {
      bounds: { ...wireBounds, headBytes: MAX_HEAD_BYTES },
      // Bodies take as long as they move: the exchange has its own deadlines.
      timeouts: { headMs: HEAD_TIMEOUT_MS, idleMs: KEEP_ALIVE_MS, stallMs: 0, lingerMs: LINGER_MS },
      deadlines: new Deadlines(timers, CONNECTION_TICK_MS),
      endIsLeaving: true,
      onRequest: (exchange, connection) => this.#onRequest(exchange, connection),
      refuse: (failure, _cause, connection) =>
        refuse(failure, this.#peerOf(connection), parts.observer, date),
      onClose: (connection) => this.#onClose(connection),
    }
    this.#arrivals = new Arrivals({
      ...parts,
      trustedProxies: road.trustedProxies,
      deadlines: this.#connectionParts.deadlines,
      headMs: HEAD_TIMEOUT_MS,
      onPeer: (socket, peer) => this.#onPeer(socket, peer),
    })
    // A client that has sent its last byte still reads its refusal.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#arrivals.add(socket),
    )
  }

  get connections(): ConnectionCounts {
    return this.#bounds.counts
  }

  /** @returns the port, for when 0 was asked for. */
  async listen(at: ListenAt): Promise<number> {
    const server = this.#server
    if ('fd' in at) server.listen(at, BACKLOG)
    else server.listen({ ...at, backlog: BACKLOG })
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('Cannot listen: not on TCP')
    return address.port
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
    await new Promise<void>((resolve) => {
      // Not at once: a request may be on its way just now.
      const idle = timers.start(Math.min(IDLE_GRACE_MS, graceMs), () => {
        this.#closesIdle = true
        this.#arrivals.cut()
        for (const connection of this.#peers.keys()) connection.closeWhenIdle()
      })
      const cut = timers.start(graceMs, () => {
        for (const connection of this.#peers.keys()) connection.cut()
      })
      this.#server.close(() => {
        idle.cancel()
        cut.cancel()
        resolve()
      })
    })
  }

  #onPeer(socket: Socket, peer: Peer): void {
    if (!this.#bounds.take(peer)) {
      // With a reset nothing of it stays here, and a balancer knows at once.
      socket.on('error', () => {}).resetAndDestroy()
      return
    }
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

  #onRequest(down: ServerExchange, connection: ServerConnection): void {
    const peer = this.#peerOf(connection)
    const head = new ReceivedHead(down.head)
    const decided = down.head.expectation === 'unknown' ? 'expectation-unknown' : this.#decide(head, peer)
    const observer = observeRequest(this.#parts.observer, head, httpVersionOf(down.head), peer, decided)
    const exchange = new Exchange(this.#exchangeParts, down, peer, observer)
    this.#carryOut(exchange, head, peer, decided, WAITS * this.#parts.clusters.length)
  }

  #peerOf(connection: ServerConnection): Peer {
    const peer = this.#peers.get(connection)
    if (peer === undefined) throw new Error('Cannot serve a request: its connection is not known')
    return peer
  }

  #carryOut(exchange: Exchange, head: ReceivedHead, peer: Peer, plan: Decided, waits: number): void {
    if (typeof plan === 'string') exchange.fail(plan)
    else if (plan.type === 'reply') exchange.fail(plan.error, plan.fields)
    else if (plan.type === 'forward') this.#forward(exchange, plan)
    else if (waits === 0 || plan.for.type === 'host') {
      // A table that is loaded whole knows every host.
      exchange.fail(unknownError(plan.for))
    } else {
      exchange.wait()
      void findOut(plan.for, this.#parts).then(() => {
        if (!exchange.isOver) this.#carryOut(exchange, head, peer, this.#decide(head, peer), waits - 1)
      })
    }
  }

  /** Begins to carry out a plan. Never throws. */
  #forward(exchange: Exchange, plan: Forward): void {
    const { cluster } = plan.passage
    try {
      const state = this.#states.get(cluster)
      if (state === undefined) throw new Error(`Cannot forward to cluster ${cluster}: not served`)
      exchange.forward(plan, state)
    } catch (cause) {
      this.#parts.onTrouble(new Error(`Cannot forward a request to ${plan.service.key}`, { cause }))
      exchange.fail('internal')
    }
  }

  /** The plan, or why there is none. */
  #decide(head: ReceivedHead, peer: Peer): Decided {
    try {
      return planAcross(head, peer, this.#road) ?? 'endpoints-none'
    } catch (cause) {
      this.#parts.onTrouble(new Error(`Cannot plan ${head.method} ${withoutQuery(head.target)}`, { cause }))
      return 'internal'
    }
  }
}
