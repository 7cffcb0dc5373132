import { identifyPeer, type Peer } from '../identity/identify.ts'
import type { RateCounter } from '../limits/rate-limits.ts'
import type { Clock } from '../model/clock.ts'
import type { Observer, RequestEnd } from '../telemetry/observer.ts'
import type { AccessBook } from './access/access-book.ts'
import { bareIdentity } from './backend-tls/bare-identity.ts'
import { externalByName } from './external-by-name.ts'
import { FetchExchange, type FetchExchangeParts } from './fetch-exchange.ts'
import { headersFrom, headOf } from './fetch-head.ts'
import type { HostLoader } from './host-loader.ts'
import type { HostTables } from './host-tables.ts'
import { type Decided, observeRequest, withoutQuery } from './observe.ts'
import { plan } from './plan.ts'
import type { RequestContext } from './platform.ts'
import type { PlatformLimits } from './platform-limits.ts'
import { errorReply } from './reply.ts'
import type { Forward, Plan, Reply, RequestHead, RoadOptions, RoadState } from './road.ts'
import { type Finders, findOut, unknownError, WAITS } from './road-state.ts'
import { GatewayState } from './state.ts'
import type { TokenBook } from './tokens/token-book.ts'

export interface FetchGatewayParts extends FetchExchangeParts {
  readonly tables: HostTables
  readonly loader: HostLoader
  readonly tokens: TokenBook
  readonly access: AccessBook
  readonly limits: PlatformLimits
  readonly observer: Observer
  readonly road: RoadOptions
  /** Outlives what is known of loads. */
  readonly rates: RateCounter
  readonly clock: Clock
  /** What is left to do when a request has ended: to send what was observed. Undefined: nothing now. */
  readonly afterwards: () => Promise<void> | undefined
  /** What is still to be counted of requests that were admitted; undefined: nothing. */
  readonly counting: () => Promise<unknown> | undefined
  /** Follow changes between requests, as long as there are any. */
  readonly followsChanges: boolean
  /** A fault of ours, or of the network, that no client is to blame for. */
  readonly onTrouble: (error: Error) => void
}

/** What the platform says of the connection that a request came on. */
export interface EdgeFacts {
  /** The client's address, from a field that the platform sets itself. */
  readonly clientAddress: string
  /** `1.1` */
  readonly httpVersion: string
}

/**
 * A platform that ends a request's work when its client has gone may never tell us that an attempt ended: what is known
 * of loads is forgotten now and then, so that no endpoint looks busy for ever.
 */
const STATE_MS = 60_000

const NOTHING: Pick<Reply, 'fields' | 'given'> = {}
/** The platform resolves them. */
const NO_NAMES = { resolve: async () => {} }
/** It has no certificates of ours to open. */
const NO_IDENTITIES = { open: async () => {} }

/** The gateway on a platform of web-standard requests: the same road as the Node listener's, over tables of single hosts. */
export class FetchGateway {
  readonly #parts: FetchGatewayParts
  #state: GatewayState
  #stateSince = 0
  readonly #finders: Finders

  constructor(parts: FetchGatewayParts) {
    this.#parts = parts
    this.#state = new GatewayState(parts.clock, parts.rates)
    this.#finders = { ...parts, names: NO_NAMES, identities: NO_IDENTITIES }
  }

  async handle(request: Request, edge: EdgeFacts, context: RequestContext): Promise<Response> {
    const head = headOf(request)
    const scheme = head.target.startsWith('https:') ? 'https' : 'http'
    const peer = identifyPeer(edge.clientAddress, this.#parts.road.trustedProxies, scheme)
    const planned = await this.#planInTime(head, peer)
    const decided = this.#decide(planned, head, request)
    const observer = observeRequest(this.#parts.observer, head, edge.httpVersion, peer, decided)
    const ended = (end: RequestEnd): void => {
      observer.end(end)
      const work = this.#parts.afterwards()
      if (work !== undefined) context.waitUntil(work)
    }
    this.#leaveWork(decided, context)
    if (typeof decided === 'string' || decided.type === 'reply') {
      const error = typeof decided === 'string' ? decided : decided.error
      const { fields, given } = typeof decided === 'string' ? NOTHING : decided
      const { status, headers, body } = errorReply(error, observer.requestId, fields, given)
      ended({ status, error, bytesReceived: 0, bytesSent: body.length })
      const hsts = typeof decided === 'string' ? undefined : decided.passage.hsts
      return withHsts(new Response(body, { status, headers: headersFrom(headers) }), hsts)
    }
    const { httpVersion } = edge
    const input = {
      plan: decided,
      request,
      head,
      peer,
      httpVersion,
      observer,
      ended,
      context,
      state: this.#currentState(),
    }
    const answering = new FetchExchange(this.#parts, input).run()
    const counting = this.#parts.counting()
    if (counting !== undefined) context.waitUntil(counting)
    return withHsts(await answering, decided.passage.hsts)
  }

  /** The plan once what it waits for is known: the host, then what proves who the client is. */
  async #planInTime(head: RequestHead, peer: Peer): Promise<Plan | 'internal'> {
    const { loader } = this.#parts
    let planned = this.#plan(head, peer)
    if (typeof planned === 'object' && planned.type === 'wait' && planned.for.type === 'host') {
      await loader.load(planned.for.host)
      planned = this.#plan(head, peer)
    }
    for (let waits = WAITS; waits > 0; waits--) {
      if (typeof planned === 'string' || planned.type !== 'wait' || planned.for.type === 'host') break
      const { passage } = planned
      const error = await findOut(planned.for, passage.client.address, this.#finders)
      planned = error === undefined ? this.#plan(head, peer) : { type: 'reply', error, passage }
    }
    return planned
  }

  #plan(head: RequestHead, peer: Peer): Plan | 'internal' {
    const { tables, tokens, access, clock, road, onTrouble } = this.#parts
    try {
      const now = clock.now()
      const state: RoadState = {
        ...externalByName,
        identities: bareIdentity,
        limits: this.#currentState(),
        staleness: (host) => tables.staleness(host, now),
        tokenVerdict: (question) => tokens.verdict(question),
        access,
      }
      return plan(head, peer, tables.at(now), road, state)
    } catch (cause) {
      onTrouble(new Error(`Cannot plan ${head.method} ${withoutQuery(head.target)}`, { cause }))
      return 'internal'
    }
  }

  #decide(planned: Plan | 'internal', head: RequestHead, request: Request): Forward | Reply | 'internal' {
    if (planned === 'internal') return planned
    const { passage } = planned
    // Nobody could say anything of the host: the same as a gateway that has no table yet.
    if (planned.type === 'wait') {
      return { type: 'reply', error: unknownError(planned.for), passage }
    }
    if (planned.type === 'forward' && !this.#parts.limits.allows(planned, head, request.body !== null)) {
      return { type: 'reply', error: 'platform-unsupported', passage }
    }
    return planned
  }

  /** What is done after the answer, for the next ones. */
  #leaveWork(decided: Decided, context: RequestContext): void {
    const { loader, followsChanges } = this.#parts
    const host = typeof decided === 'string' ? '' : decided.passage.host
    const reading = host === '' ? undefined : loader.refresh(host)
    if (reading !== undefined) context.waitUntil(reading)
    const following = followsChanges ? loader.follow() : undefined
    if (following !== undefined) context.waitUntil(following)
  }

  #currentState(): GatewayState {
    const now = this.#parts.clock.elapsed()
    if (now - this.#stateSince > STATE_MS) {
      this.#state = new GatewayState(this.#parts.clock, this.#parts.rates)
      this.#stateSince = now
    }
    return this.#state
  }
}

function withHsts(response: Response, hsts: string | undefined): Response {
  if (hsts !== undefined) response.headers.set('Strict-Transport-Security', hsts)
  return response
}
