import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { identifyPeer, type Peer } from '../identity/identify.ts'
import type { Timers } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { Observer, RequestObserver } from '../telemetry/observer.ts'
import { Connections, type Underway } from './connections.node.ts'
import { type Downstream, type DownstreamEnd, ResponseDownstream } from './downstream.node.ts'
import { Exchange, type ExchangeParts } from './exchange.node.ts'
import { type Decided, observeRequest } from './observe.ts'
import type { Forward, RequestHead, RoadOptions } from './plan.ts'
import { type ClusterRoad, planAcross } from './plan-across.ts'
import { headOf, isWebSocket } from './request-head.node.ts'
import type { NameResolver } from './road-state.ts'
import type { ServedCluster } from './served-cluster.ts'
import { UpgradeDownstream } from './upgrade.node.ts'

export interface GatewayParts extends Omit<ExchangeParts, 'state'> {
  /** In the operator's order: a host is the first one's that knows it. */
  readonly clusters: readonly ServedCluster[]
  readonly observer: Observer
  readonly road: RoadOptions
  readonly timers: Timers
  /** A fault of ours, or of the network, that no client is to blame for. */
  readonly onTrouble: (error: Error) => void
  readonly names: NameResolver
}

/** How long a client may take over a request's head. */
const HEAD_TIMEOUT_MS = 10_000
/** How often that is looked at: node:http has one timer for all connections. */
const HEAD_CHECK_MS = 2_000
const MAX_HEAD_BYTES = 32_768
/** While it drains: a client that has a connection at hand gets to hear `Connection: close` on its next answer. */
const IDLE_GRACE_MS = 2_000
/** How long an idle client connection is kept; longer than most load balancers keep theirs. */
const KEEP_ALIVE_MS = 75_000

/** Listens for clients, and walks each request down the road: plan, then carry out. */
export class Listener {
  readonly #parts: GatewayParts
  readonly #road: ClusterRoad
  /** By the cluster that a plan names. */
  readonly #exchangeParts: ReadonlyMap<string | undefined, ExchangeParts>
  readonly #server: Server
  readonly #peers = new WeakMap<Duplex, Peer>()
  readonly #upgraded = new Set<Duplex>()
  readonly #connections: Connections
  #isDraining = false
  #areIdleClosed = false

  constructor(parts: GatewayParts) {
    this.#parts = parts
    const { clusters, road, ...shared } = parts
    this.#road = { clusters, options: road, random: shared.random }
    this.#exchangeParts = new Map(clusters.map(({ name, state }) => [name, { ...shared, state }]))
    this.#connections = new Connections(parts.timers)
    this.#server = createServer({
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
      connectionsCheckingInterval: HEAD_CHECK_MS,
      // Uploads take as long as they move; the exchange has its own deadlines.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // plan() answers for a Host field that is missing or doubled.
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => isWebSocket(request),
    })
    this.#server.on('request', (request, response) => this.#onRequest(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
    this.#server.on('connect', (request, socket) => this.#onUpgrade(request, socket, Buffer.alloc(0)))
    this.#server.on('clientError', (error, socket) => this.#connections.broken(socket, error))
  }

  /** @returns the port, for when 0 was asked for. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, backlog: 4096 }, () => {
        this.#server.off('error', reject)
        const address = this.#server.address()
        resolve(address !== null && typeof address === 'object' ? address.port : port)
      })
    })
  }

  /** From now on every response asks its client to leave. Connections are still accepted. */
  startDraining(): void {
    this.#isDraining = true
  }

  /** Accepts nothing more, lets what is under way end, and cuts what is left after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.startDraining()
    const { timers } = this.#parts
    await new Promise<void>((resolve) => {
      const idle = timers.start(Math.min(IDLE_GRACE_MS, graceMs), () => {
        this.#areIdleClosed = true
        this.#server.closeIdleConnections()
      })
      const cut = timers.start(graceMs, () => {
        this.#server.closeAllConnections()
        for (const socket of this.#upgraded) socket.destroy()
      })
      // Not http's own close, which also ends idle connections, on which a request may be on its way just now.
      NetServer.prototype.close.call(this.#server, () => {
        idle.cancel()
        cut.cancel()
        this.#server.close()
        resolve()
      })
    })
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#serve(
      request,
      request.socket,
      (requestId, ended) =>
        new ResponseDownstream(response, requestId, () => this.#isDraining, this.#parts.timers, ended),
    )
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (head.length > 0) socket.unshift(head)
    this.#upgraded.add(socket)
    socket.once('close', () => this.#upgraded.delete(socket))
    this.#serve(
      request,
      socket,
      (requestId, ended) => new UpgradeDownstream(socket, requestId, this.#parts.timers, ended),
    )
  }

  #serve(
    request: IncomingMessage,
    socket: Duplex,
    downstreamOf: (requestId: string, ended: (end: DownstreamEnd) => void) => Downstream,
  ): void {
    const peer = this.#peerOf(socket)
    const head = headOf(request)
    const decided = this.#decide(head, peer)
    const observer = observeRequest(this.#parts.observer, head, request.httpVersion, peer, decided)
    let exchange: Exchange | undefined
    let isOver = false
    const fail = (error: ErrorCode): void => {
      isOver = true
      ;(exchange ?? downstream).fail(error)
    }
    const underway: Underway = { request, fail }
    const downstream = downstreamOf(observer.requestId, ({ status, error, bytesSent }) => {
      exchange?.closed()
      observer.end({ status, error, bytesSent, bytesReceived: exchange?.bytesReceived ?? 0 })
      this.#connections.end(socket, underway)
      // A connection that was busy when idle ones were closed is idle now.
      if (this.#areIdleClosed) this.#server.closeIdleConnections()
    })
    this.#connections.begin(socket, underway)
    const carryOut = (plan: Decided, waits: number): void => {
      if (typeof plan === 'string' || plan.type === 'reply') {
        fail(typeof plan === 'string' ? plan : plan.error)
      } else if (plan.type === 'forward') {
        exchange = this.#exchange(plan, request, peer, observer, downstream)
      } else if (waits === 0 || plan.for.type === 'host') {
        // A table that is loaded whole knows every host.
        fail('endpoints-none')
      } else {
        // Meanwhile the request may have been answered: its body broke, or its client left.
        void this.#parts.names.resolve(plan.for.name).then(() => {
          if (!isOver && !downstream.isGone) carryOut(this.#decide(head, peer), waits - 1)
        })
      }
    }
    // Each cluster may have a name of its own to wait for.
    carryOut(decided, this.#parts.clusters.length)
  }

  /** Begins to carry out a plan. Never throws. */
  #exchange(
    plan: Forward,
    request: IncomingMessage,
    peer: Peer,
    observer: RequestObserver,
    downstream: Downstream,
  ): Exchange {
    const parts = this.#exchangeParts.get(plan.passage.cluster)
    if (parts === undefined) throw new Error(`Cannot forward to cluster ${plan.passage.cluster}: not served`)
    const exchange = new Exchange(parts, plan, request, peer, observer, downstream)
    try {
      exchange.start()
    } catch (cause) {
      this.#parts.onTrouble(new Error(`Cannot forward a request to ${plan.service.key}`, { cause }))
      exchange.fail('internal')
    }
    return exchange
  }

  /** The plan, or why there is none. */
  #decide(head: RequestHead, peer: Peer): Decided {
    try {
      return planAcross(head, peer, this.#road) ?? 'endpoints-none'
    } catch (cause) {
      this.#parts.onTrouble(new Error(`Cannot plan ${head.method} ${head.target}`, { cause }))
      return 'internal'
    }
  }

  #peerOf(socket: Duplex): Peer {
    const known = this.#peers.get(socket)
    if (known !== undefined) return known
    const address = isSocket(socket) ? (socket.remoteAddress ?? '') : ''
    const peer = identifyPeer(address, this.#parts.road.trustedProxies)
    this.#peers.set(socket, peer)
    return peer
  }
}

function isSocket(socket: Duplex): socket is Socket {
  return 'remoteAddress' in socket
}
