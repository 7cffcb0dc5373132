import { choose } from '../balance/choose.ts'
import type { Endpoint } from '../balance/endpoint.ts'
import type { AttemptFailure } from '../forward/attempt.ts'
import type { EndpointFetch, FetchAttempt } from '../forward/endpoint-fetch.ts'
import { requestHeaders } from '../forward/headers.ts'
import type { Peer } from '../identity/identify.ts'
import type { Random, Timer, Timers } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { AttemptObserver, RequestEnd, RequestObserver } from '../telemetry/observer.ts'
import { BodyPump } from './body-pump.ts'
import { type BodyBound, ClientBody } from './client-body.ts'
import { answerHeaders, type FetchHead, headersFrom, isWebSocket, parseLength } from './fetch-head.ts'
import { forwardedFacts } from './observe.ts'
import type { Pipe, RequestContext } from './platform.ts'
import { errorReply } from './reply.ts'
import { isIdempotent, mayRetry } from './retry.ts'
import type { Forward } from './road.ts'
import type { GatewayState } from './state.ts'

export interface FetchExchangeParts {
  readonly dialer: EndpointFetch
  readonly timers: Timers
  readonly random: Random
  readonly pipe: Pipe
}

/** A request as it came in, and all that is known of it. */
export interface FetchExchangeInput {
  readonly plan: Forward
  readonly request: Request
  readonly head: FetchHead
  readonly peer: Peer
  readonly httpVersion: string
  readonly observer: RequestObserver
  /** Called once, when the last byte is out or the client is gone. */
  readonly ended: (end: RequestEnd) => void
  readonly context: RequestContext
  readonly state: GatewayState
}

/** Failures before any response that say nothing good of the endpoint. Here a refused connection looks like a lost one. */
const SUSPICIOUS: ReadonlySet<ErrorCode> = new Set(['connection-lost', 'connect-refused', 'connect-timeout'])

/** An answer of a known length up to this is taken whole before it is passed on. */
const WHOLE_BYTES = 16 * 1024

/** Carries out one forward plan with requests and responses of the web. */
export class FetchExchange {
  readonly #parts: FetchExchangeParts
  readonly #in: FetchExchangeInput
  readonly #body: ClientBody | undefined
  readonly #abort = new AbortController()
  readonly #stopped = Promise.withResolvers<ErrorCode>()
  readonly #deadline: Timer | undefined
  readonly #tried: Endpoint[] = []
  #isAnswered = false
  #pump: BodyPump | undefined
  #span: AttemptObserver | undefined

  constructor(parts: FetchExchangeParts, input: FetchExchangeInput) {
    this.#parts = parts
    this.#in = input
    const { request, head, plan } = input
    if (request.body !== null) {
      const length = parseLength(head.field('content-length'))
      const bound = this.#bodyBound(plan.service.record.limits?.bodyBytes)
      this.#body = new ClientBody(request.body, length, parts.pipe, () => this.#progress(), bound)
    }
    const { timeoutMs } = plan.service.record
    this.#deadline = timeoutMs === 0 ? undefined : parts.timers.start(timeoutMs, () => this.#expire())
    // Before an answer begins the platform tells of a client that left by a broken upload only, and listening is dear.
    if (this.#body !== undefined) this.#watchClient()
  }

  /** Resolves with the response's head; its body goes on by itself. */
  async run(): Promise<Response> {
    const { state, plan } = this.#in
    state.requestBegan(plan)
    let failure: ErrorCode = 'endpoints-none'
    while (true) {
      const endpoint = this.#choose()
      if (endpoint === undefined) return this.#refuse(failure)
      const answer = await this.#attempt(endpoint)
      if (answer instanceof Response) return await this.#pass(endpoint, answer)
      state.attemptEnded(endpoint.key)
      failure = typeof answer === 'string' ? answer : answer.code
      this.#span?.end(undefined, failure, typeof answer === 'string' ? undefined : answer.cause)
      if (SUSPICIOUS.has(failure)) state.connectFailed(endpoint.key)
      if (typeof answer === 'string' || !this.#mayRetry(answer)) return this.#refuse(failure)
    }
  }

  #bodyBound(maxBytes: number | undefined): BodyBound | undefined {
    if (maxBytes === undefined) return undefined
    return { maxBytes, onExcess: () => this.#stop('request-body-too-large') }
  }

  #choose(): Endpoint | undefined {
    const { plan, state } = this.#in
    return choose(plan, state, this.#parts.random, this.#tried)
  }

  /** The response's head, how the attempt failed, or why the whole exchange ends. */
  async #attempt(endpoint: Endpoint): Promise<Response | AttemptFailure | ErrorCode> {
    const { plan, state, observer } = this.#in
    state.attemptBegan(plan.service, endpoint.key, this.#tried.length > 0)
    this.#tried.push(endpoint)
    this.#span = observer.attempt(endpoint)
    const place = { ...endpoint, kind: plan.service.record.target.type, isTls: plan.tls !== undefined }
    const request = this.#attemptRequest(endpoint, this.#span.headers)
    const answering = this.#parts.dialer.fetch(place, request, this.#abort.signal)
    return await Promise.race([answering, this.#stopped.promise])
  }

  #attemptRequest({ address, port }: Endpoint, trace: readonly string[]): FetchAttempt {
    const { plan, head, peer, httpVersion, observer } = this.#in
    const facts = forwardedFacts(plan, peer, observer.requestId, httpVersion)
    return {
      address,
      port,
      method: head.method,
      path: plan.path,
      headers: requestHeaders(head.fields, facts, trace),
      body: this.#body?.lend() ?? null,
      upgrade: isWebSocket(head) ? 'websocket' : undefined,
      isIdempotent: isIdempotent(head.method),
    }
  }

  #mayRetry(failure: AttemptFailure): boolean {
    return mayRetry({
      failure,
      method: this.#in.head.method,
      isReplayable: this.#body?.isWhole ?? true,
      attempts: this.#tried.length,
      hasBudget: this.#in.state.hasRetryBudget(),
    })
  }

  async #pass(endpoint: Endpoint, response: Response): Promise<Response> {
    const { state, head } = this.#in
    state.connected(endpoint.key)
    const { status } = response
    if (status === 101) {
      this.#settle()
      // Both sides are joined by the platform, which tells nobody when they part.
      this.#end(endpoint, 101, undefined, 0)
      return response
    }
    const headers = answerHeaders(response.headers, status, this.#in.plan.answerFields)
    if (headers === undefined) return this.#fail(endpoint, status, 'response-invalid')
    const { givesRawBodies } = this.#parts.dialer
    const init = { status, headers, ...(givesRawBodies && ({ encodeBody: 'manual' } as const)) }
    const length = parseLength(response.headers.get('content-length'))
    const isEmpty = response.body === null || head.method === 'HEAD' || status === 204 || status === 304
    if (isEmpty || (!givesRawBodies && response.headers.has('content-encoding'))) {
      this.#settle()
      // Read here, an encoded body would be decoded and encoded again: the platform passes it on untouched, unseen by us.
      this.#end(endpoint, status, undefined, isEmpty ? 0 : (length ?? 0))
      return new Response(isEmpty ? null : response.body, init)
    }
    const isSmall = length !== undefined && length <= WHOLE_BYTES
    if (isSmall && this.#body === undefined) return await this.#passWhole(endpoint, response, init)
    this.#settle()
    return new Response(this.#stream(endpoint, response.body, response), init)
  }

  /** A small answer, at once: a pump of its own would cost more than all the rest. */
  async #passWhole(endpoint: Endpoint, response: Response, init: ResponseInit): Promise<Response> {
    const reading = response.arrayBuffer().catch((): ErrorCode => 'response-incomplete')
    const { idleTimeoutMs } = this.#in.plan.service.record
    const isUnbounded = this.#deadline === undefined && idleTimeoutMs > 0
    const idle = isUnbounded ? this.#parts.timers.start(idleTimeoutMs, () => this.#expire()) : undefined
    const body = await Promise.race([reading, this.#stopped.promise])
    idle?.cancel()
    if (typeof body === 'string') return this.#fail(endpoint, response.status, body)
    this.#settle()
    this.#end(endpoint, response.status, undefined, body.byteLength)
    return new Response(body, init)
  }

  /** The answer has begun: no longer is it the endpoint's time that counts. */
  #settle(): void {
    this.#isAnswered = true
    this.#deadline?.cancel()
  }

  #fail(endpoint: Endpoint, status: number, error: ErrorCode): Response {
    this.#in.state.attemptEnded(endpoint.key)
    this.#span?.end(status, error)
    return this.#refuse(error)
  }

  #stream(endpoint: Endpoint, body: ReadableStream<Uint8Array>, response: Response): ReadableStream {
    if (this.#body === undefined) this.#watchClient()
    const ends = this.#parts.pipe(parseLength(response.headers.get('content-length')))
    const { idleTimeoutMs } = this.#in.plan.service.record
    const pump = new BodyPump(body, ends, { timers: this.#parts.timers, idleTimeoutMs })
    this.#pump = pump
    const ended = pump.run().then((error) => {
      // What is left of an upload after its answer goes nowhere.
      this.#body?.release()
      this.#end(endpoint, response.status, error, pump.bytesSent)
    })
    this.#in.context.waitUntil(ended)
    return ends.readable
  }

  #watchClient(): void {
    this.#in.request.signal.addEventListener('abort', () => this.#stop('client-closed'))
  }

  #refuse(error: ErrorCode): Response {
    const { observer, ended, state, plan } = this.#in
    state.requestEnded(plan)
    this.#deadline?.cancel()
    this.#body?.release()
    this.#abort.abort()
    const { status, headers, body } = errorReply(error, observer.requestId)
    ended({ status, error, bytesReceived: this.#body?.bytesRead ?? 0, bytesSent: body.length })
    return new Response(body, { status, headers: headersFrom(headers) })
  }

  #end(endpoint: Endpoint, status: number, error: ErrorCode | undefined, bytesSent: number): void {
    const { state, ended, plan } = this.#in
    state.attemptEnded(endpoint.key)
    state.requestEnded(plan)
    this.#span?.end(status, error)
    ended({ status, error, bytesSent, bytesReceived: this.#body?.bytesRead ?? 0 })
  }

  /** A byte of the request moved: the endpoint's time counts from here. */
  #progress(): void {
    if (!this.#isAnswered) this.#deadline?.restart()
    this.#pump?.progress()
  }

  #expire(): void {
    this.#stop(this.#body?.isStarved ? 'request-timeout' : 'response-timeout')
  }

  #stop(error: ErrorCode): void {
    this.#pump?.cut(error)
    this.#stopped.resolve(error)
    this.#abort.abort()
  }
}
