import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { identifyPeer, type Peer } from '../identity/identify.ts'
import type { Timers } from '../model/clock.ts'
import type { Observer, RequestObserver } from '../telemetry/observer.ts'
import { type Downstream, type DownstreamEnd, ResponseDownstream } from './downstream.node.ts'
import { Exchange, type ExchangeParts } from './exchange.node.ts'
import { type Plan, plan, type RequestHead, type RoadOptions } from './plan.ts'
import { errorReply } from './reply.ts'
import type { Table } from './table.ts'
import { UpgradeDownstream } from './upgrade.node.ts'

export interface GatewayParts extends ExchangeParts {
  /** The table in force now; undefined until one is loaded. */
  readonly table: () => Table | undefined
  readonly observer: Observer
  readonly road: RoadOptions
  readonly timers: Timers
}

/** How long a client may take over a request's head. */
const HEAD_TIMEOUT_MS = 10_000
const MAX_HEAD_BYTES = 32_768
/** How long an idle client connection is kept; longer than most load balancers keep theirs. */
const KEEP_ALIVE_MS = 75_000

/** Listens for clients, and walks each request down the road: plan, then carry out. */
export class Listener {
  readonly #parts: GatewayParts
  readonly #server: Server
  readonly #peers = new WeakMap<Duplex, Peer>()
  readonly #upgraded = new Set<Duplex>()
  #isDraining = false

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.#server = createServer({
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
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
    this.#server.on('clientError', (error, socket) => answerBrokenHead(error, socket))
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
    await new Promise<void>((resolve) => {
      const cut = this.#parts.timers.start(graceMs, () => {
        this.#server.closeAllConnections()
        for (const socket of this.#upgraded) socket.destroy()
      })
      this.#server.close(() => {
        cut.cancel()
        resolve()
      })
    })
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#serve(
      request,
      request.socket,
      (requestId, ended) => new ResponseDownstream(response, requestId, () => this.#isDraining, ended),
    )
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (head.length > 0) socket.unshift(head)
    this.#upgraded.add(socket)
    socket.once('close', () => this.#upgraded.delete(socket))
    this.#serve(request, socket, (requestId, ended) => new UpgradeDownstream(socket, requestId, ended))
  }

  #serve(
    request: IncomingMessage,
    socket: Duplex,
    downstreamOf: (requestId: string, ended: (end: DownstreamEnd) => void) => Downstream,
  ): void {
    const peer = this.#peerOf(socket)
    const table = this.#parts.table()
    const decided = table === undefined ? undefined : plan(headOf(request), peer, table, this.#parts.road)
    const observer = this.#observe(request, peer, decided)
    let exchange: Exchange | undefined
    const downstream = downstreamOf(observer.requestId, ({ status, error, bytesSent }) => {
      observer.end({ status, error, bytesSent, bytesReceived: exchange?.bytesReceived ?? 0 })
      // A connection that was busy when we began to drain is idle now.
      if (this.#isDraining) this.#server.closeIdleConnections()
    })
    if (decided === undefined) {
      downstream.fail('endpoints-none')
      return
    }
    if (decided.type === 'reply') {
      downstream.fail(decided.error)
      return
    }
    exchange = new Exchange(this.#parts, decided, request, peer, observer, downstream)
    exchange.start()
  }

  #observe(request: IncomingMessage, peer: Peer, decided: Plan | undefined): RequestObserver {
    const passage = decided?.passage
    const { headers } = request
    const observer = this.#parts.observer.request({
      method: request.method ?? '',
      host: passage?.host ?? '',
      path: passage?.path ?? '',
      scheme: passage?.client.scheme ?? 'http',
      httpVersion: request.httpVersion,
      clientAddress: passage?.client.address ?? peer.address,
      peerAddress: peer.address,
      userAgent: headers['user-agent'],
      traceparent: single(headers.traceparent),
      tracestate: single(headers.tracestate),
      isTrusted: peer.isTrusted,
      requestId: single(headers['x-request-id']),
    })
    if (passage?.route !== undefined) {
      const { host, rule } = passage.route
      const routePath =
        rule.path.type === 'exact' ? rule.path.value : `${rule.path.value.replace(/\/$/, '')}/*`
      observer.routed({ routeHost: host, routePath, origin: rule.origin })
    }
    return observer
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

function headOf(request: IncomingMessage): RequestHead {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    hosts: request.headersDistinct.host ?? [],
    field: (name) => single(request.headers[name]),
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

function isWebSocket(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket'
}

function isSocket(socket: Duplex): socket is Socket {
  return 'remoteAddress' in socket
}

/** A head that no parser takes as one request: answered and closed, never passed on. */
function answerBrokenHead(error: Error, socket: Duplex): void {
  const code = 'code' in error ? error.code : ''
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const isTooLarge = code === 'HPE_HEADER_OVERFLOW'
  const isSlow = code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const reply = errorReply(
    isTooLarge ? 'request-head-too-large' : isSlow ? 'request-timeout' : 'request-invalid',
    '',
  )
  let head = `HTTP/1.1 ${reply.status} \r\nConnection: close\r\n`
  for (let i = 0; i + 1 < reply.headers.length; i += 2)
    head += `${reply.headers[i]}: ${reply.headers[i + 1]}\r\n`
  socket.end(`${head}\r\n${reply.body}`)
}
