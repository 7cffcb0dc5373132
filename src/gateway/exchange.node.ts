import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { choose } from '../balance/choose.ts'
import type { Endpoint } from '../balance/endpoint.ts'
import type { Attempt, AttemptEvents, AttemptFailure, AttemptRequest, Dialer } from '../forward/attempt.ts'
import { requestHeaders } from '../forward/headers.ts'
import { RequestBody } from '../forward/request-body.node.ts'
import type { Peer } from '../identity/identify.ts'
import type { Random, Timer, Timers } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { AttemptObserver, RequestObserver } from '../telemetry/observer.ts'
import type { Downstream } from './downstream.node.ts'
import { forwardedFacts } from './observe.ts'
import type { Forward } from './plan.ts'
import { isIdempotent, mayRetry } from './retry.ts'
import type { GatewayState } from './state.ts'

export interface ExchangeParts {
  readonly dialer: Dialer<Readable, Duplex>
  readonly state: GatewayState
  readonly timers: Timers
  readonly random: Random
}

const NO_CONNECTION: ReadonlySet<ErrorCode> = new Set([
  'connect-refused',
  'connect-timeout',
  'endpoint-unreachable',
])

/** Carries out one forward plan: attempts, retries, deadlines, and the stream between client and endpoint. */
export class Exchange implements AttemptEvents<Duplex> {
  readonly #parts: ExchangeParts
  readonly #plan: Forward
  readonly #request: IncomingMessage
  readonly #peer: Peer
  readonly #observer: RequestObserver
  readonly #downstream: Downstream
  readonly #body: RequestBody | undefined
  readonly #deadline: Timer | undefined
  #idle: Timer | undefined
  #attempt: Attempt | undefined
  #endpoint: Endpoint | undefined
  #span: AttemptObserver | undefined
  #status: number | undefined
  #isOver = false
  /** The client does not keep up: a stall is its own. */
  #isBlocked = false
  readonly #tried: Endpoint[] = []

  constructor(
    parts: ExchangeParts,
    plan: Forward,
    request: IncomingMessage,
    peer: Peer,
    observer: RequestObserver,
    downstream: Downstream,
  ) {
    this.#parts = parts
    this.#plan = plan
    this.#request = request
    this.#peer = peer
    this.#observer = observer
    this.#downstream = downstream
    this.#body = hasBody(request) ? new RequestBody(request, () => this.#progress()) : undefined
    const { timeoutMs } = plan.service.record
    this.#deadline = timeoutMs === 0 ? undefined : parts.timers.start(timeoutMs, () => this.#expire())
  }

  start(): void {
    this.#parts.state.requestBegan()
    this.#downstream.onDrain(() => {
      this.#isBlocked = false
      this.#idle?.restart()
      this.#attempt?.resume()
    })
    this.#downstream.onGone(() => this.fail('client-closed'))
    this.#next('endpoints-none')
  }

  /** Ends the exchange: with an error reply when none has begun, else by cutting the client's connection. */
  fail(error: ErrorCode): void {
    if (this.#isOver) return
    const attempt = this.#attempt
    this.#endAttempt(error)
    this.#body?.release()
    this.#finish()
    this.#downstream.fail(error)
    attempt?.abort()
  }

  /** The client's side is done with: nothing is waited for any more. */
  closed(): void {
    this.#idle?.cancel()
  }

  /** The next attempt, or the last failure as the answer. */
  #next(failure: ErrorCode): void {
    const { state, random, dialer } = this.#parts
    const { service } = this.#plan
    const endpoint = choose(this.#plan, state, random, this.#tried)
    if (endpoint === undefined) {
      this.fail(failure)
      return
    }
    state.attemptBegan(service.key, endpoint.key, this.#tried.length > 0)
    this.#tried.push(endpoint)
    this.#endpoint = endpoint
    this.#span = this.#observer.attempt(endpoint)
    this.#attempt = dialer.attempt(this.#attemptRequest(endpoint, this.#span.headers), this)
  }

  #attemptRequest({ address, port }: Endpoint, trace: readonly string[]): AttemptRequest<Readable> {
    const facts = forwardedFacts(this.#plan, this.#peer, this.#observer.requestId, this.#request.httpVersion)
    const method = this.#request.method ?? 'GET'
    return {
      address,
      port,
      method,
      path: this.#plan.path,
      headers: requestHeaders(this.#request.rawHeaders, facts, trace),
      body: this.#body?.lend() ?? null,
      upgrade: this.#downstream.isUpgrade ? 'websocket' : undefined,
      isIdempotent: isIdempotent(method),
    }
  }

  onHint(headers: readonly string[]): void {
    if (!this.#isOver) this.#downstream.hint(headers)
  }

  onHead(status: number, headers: readonly string[]): void {
    if (this.#isOver) return
    this.#deadline?.cancel()
    try {
      this.#downstream.head(status, headers)
    } catch {
      // node:http refuses to write a field that an endpoint should never have sent.
      this.fail('response-invalid')
      return
    }
    this.#status = status
    if (this.#endpoint !== undefined) this.#parts.state.connected(this.#endpoint.key)
    this.#startIdle()
  }

  onData(chunk: Uint8Array): boolean {
    this.#idle?.restart()
    this.#isBlocked = !this.#downstream.write(chunk)
    return !this.#isBlocked
  }

  onEnd(trailers: readonly string[]): void {
    if (this.#isOver) return
    this.#endAttempt(undefined)
    if (!this.#request.complete) this.#body?.release()
    this.#finish()
    this.#downstream.end(trailers)
  }

  onUpgrade(headers: readonly string[], socket: Duplex): void {
    if (this.#isOver) {
      socket.destroy()
      return
    }
    this.#deadline?.cancel()
    this.#status = 101
    if (this.#endpoint !== undefined) this.#parts.state.connected(this.#endpoint.key)
    this.#startIdle()
    this.#attempt = { resume: () => {}, abort: () => void socket.destroy() }
    this.#downstream.join(
      headers,
      socket,
      () => this.#idle?.restart(),
      () => {
        this.#endAttempt(undefined)
        this.#finish()
      },
    )
  }

  onError(failure: AttemptFailure): void {
    if (this.#isOver) return
    if (this.#endpoint !== undefined && NO_CONNECTION.has(failure.code)) {
      this.#parts.state.connectFailed(this.#endpoint.key)
    }
    this.#endAttempt(failure.code)
    if (this.#status !== undefined) {
      this.fail('response-incomplete')
      return
    }
    const isReplayable = this.#body === undefined || this.#body.bytesRead === 0
    const facts = {
      failure,
      method: this.#request.method ?? 'GET',
      isReplayable: isReplayable && !this.#downstream.isGone,
      attempts: this.#tried.length,
      hasBudget: this.#parts.state.hasRetryBudget(),
    }
    if (mayRetry(facts)) this.#next(failure.code)
    else this.fail(failure.code)
  }

  #startIdle(): void {
    const { idleTimeoutMs } = this.#plan.service.record
    if (idleTimeoutMs > 0) this.#idle = this.#parts.timers.start(idleTimeoutMs, () => this.#stall())
  }

  /** Nothing moved for too long. The last bytes may still wait for a client that does not read them. */
  #stall(): void {
    if (this.#isOver) this.#downstream.cut('client-closed')
    else this.fail(this.#isBlocked ? 'client-closed' : 'response-timeout')
  }

  /** A byte of the request moved: the endpoint's time counts from here. */
  #progress(): void {
    if (this.#status === undefined) this.#deadline?.restart()
    else this.#idle?.restart()
  }

  #expire(): void {
    this.fail(this.#body?.isStarved ? 'request-timeout' : 'response-timeout')
  }

  #endAttempt(error: ErrorCode | undefined): void {
    if (this.#endpoint === undefined) return
    this.#parts.state.attemptEnded(this.#endpoint.key)
    this.#span?.end(this.#status, error)
    this.#endpoint = undefined
    this.#attempt = undefined
  }

  #finish(): void {
    this.#isOver = true
    this.#deadline?.cancel()
  }

  get bytesReceived(): number {
    return this.#body?.bytesRead ?? 0
  }
}

function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}
