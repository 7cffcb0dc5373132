import { choose } from '../balance/choose.ts'
import type { Endpoint } from '../balance/endpoint.ts'
import type { AttemptFailure } from '../forward/attempt.ts'
import type { Random } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { AttemptObserver, RequestObserver } from '../telemetry/observer.ts'
import { mayRetry } from './retry.ts'
import type { Forward } from './road.ts'
import type { GatewayState } from './state.ts'

const NO_CONNECTION: ReadonlySet<ErrorCode> = new Set([
  'connect-refused',
  'connect-timeout',
  'endpoint-unreachable',
  'tls-certificate-error',
  'tls-protocol-error',
  'tls-alert-received',
])

const NO_FIELDS: readonly string[] = []

/** The attempts of one exchange, one after another: which endpoint is next, and what became of it. */
export class Attempts {
  readonly plan: Forward
  readonly #state: GatewayState
  readonly #observer: RequestObserver
  readonly #tried: Endpoint[] = []
  #count = 0
  #endpoint: Endpoint | undefined
  #span: AttemptObserver | undefined
  #isClosed = false

  constructor(plan: Forward, state: GatewayState, observer: RequestObserver) {
    this.plan = plan
    this.#state = state
    this.#observer = observer
    state.requestBegan(plan)
  }

  /** How long nothing may move, in milliseconds; 0: without end. */
  limitMs(hasAnswer: boolean): number {
    const { timeoutMs, idleTimeoutMs } = this.plan.service.record
    return hasAnswer ? idleTimeoutMs : timeoutMs
  }

  /** Begins another. @returns undefined when there is no endpoint left */
  next(random: Random): Endpoint | undefined {
    const endpoint = choose(this.plan, this.#state, random, this.#tried)
    if (endpoint === undefined) return undefined
    this.#state.attemptBegan(this.plan.service, endpoint.key, this.#count > 0)
    this.#count++
    this.#tried.push(endpoint)
    this.#endpoint = endpoint
    this.#span = this.#observer.attempt(endpoint)
    return endpoint
  }

  /** Fields that carry the trace to the endpoint, as [name, value, …]. */
  get trace(): readonly string[] {
    return this.#span?.headers ?? NO_FIELDS
  }

  /** The endpoint has begun its answer. */
  answered(): void {
    if (this.#endpoint !== undefined) this.#state.connected(this.#endpoint.key)
  }

  failed({ code, wasReused, cause }: AttemptFailure, status: number | undefined): void {
    if (this.#endpoint !== undefined && NO_CONNECTION.has(code)) this.#state.connectFailed(this.#endpoint.key)
    // The endpoint had closed a connection that idled, as it may (RFC 9112 §9.5): nothing speaks against another one.
    if (wasReused === true && code === 'connection-lost') this.#tried.pop()
    this.end(status, code, cause)
  }

  /** Ends the one that is under way, if any. */
  end(status: number | undefined, error: ErrorCode | undefined, cause?: unknown): void {
    if (this.#endpoint === undefined) return
    this.#state.attemptEnded(this.#endpoint.key)
    this.#span?.end(status, error, cause)
    this.#endpoint = undefined
  }

  /** Nothing more comes. */
  close(status: number | undefined, error: ErrorCode | undefined): void {
    this.end(status, error)
    if (!this.#isClosed) this.#state.requestEnded(this.plan)
    this.#isClosed = true
  }

  mayRetry(failure: AttemptFailure, method: string, isReplayable: boolean): boolean {
    const hasBudget = this.#state.hasRetryBudget()
    return mayRetry({ failure, method, isReplayable, attempts: this.#count, hasBudget })
  }
}
