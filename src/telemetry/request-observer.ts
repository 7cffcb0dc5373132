import { type SpanContext, TraceFlags } from '@opentelemetry/api'
import type { Clock, Random } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { AccessLogEntry } from './access-log.ts'
import { describeAnswer } from './answer.ts'
import type { FinishedSpan, SpanSink } from './finished-span.ts'
import {
  boundStart,
  describeAttempt,
  describeCause,
  describeOutcome,
  describeRequest,
  describeRoute,
  isServerFault,
  normalizeMethod,
  spanName,
  trustedRequestId,
} from './http-facts.ts'
import { attribute } from './names.ts'
import type {
  AttemptObserver,
  EndpointFacts,
  Observer,
  RequestEnd,
  RequestObserver,
  RequestStart,
  RouteFacts,
} from './observer.ts'
import type { RequestCounts, RouteCounts } from './request-counts.ts'
import { extractParent, injectContext, makeSpanId, makeTraceId } from './trace-context.ts'

/** What the observer writes to. */
export interface ObserverParts {
  readonly clock: Clock
  readonly random: Random
  /** Share of traces kept, 0 to 1, where no trusted peer has decided. */
  readonly traceRatio: number
  /** Undefined: nobody reads one, and none is written. */
  readonly accessLog: ((line: AccessLogEntry) => void) | undefined
  /** Where spans go that are kept; undefined: nowhere. */
  readonly spans: SpanSink | undefined
  /** Undefined: nobody reads metrics. */
  readonly counts: RequestCounts | undefined
}

/**
 * Observes requests: a span per request and attempt, metrics, an access log. It needs no SDK, whose size and timers do
 * not fit Workers, and which costs a request as much as the road does: ids are drawn, what nobody keeps is not
 * described, and counters are found by one key.
 */
export function createObserver(parts: ObserverParts): Observer {
  return { request: (start) => new ObservedRequest(parts, boundStart(start)) }
}

/** What a span tells besides where it belongs. */
type SpanFacts = Pick<FinishedSpan, 'name' | 'kind' | 'startMs' | 'endMs' | 'attributes' | 'isError'>

class ObservedRequest implements RequestObserver {
  readonly requestId: string
  readonly #parts: ObserverParts
  readonly #start: RequestStart
  readonly #startedAt: number
  readonly #startedElapsed: number
  readonly #method: string
  readonly #parent: SpanContext | undefined
  readonly context: SpanContext
  #route: RouteFacts | undefined
  #routeCounts: RouteCounts | undefined
  #endpoint: EndpointFacts | undefined
  #attempts = 0
  #hasEnded = false

  constructor(parts: ObserverParts, start: RequestStart) {
    this.#parts = parts
    this.#start = start
    this.#startedAt = parts.clock.now()
    this.#startedElapsed = parts.clock.elapsed()
    this.#method = normalizeMethod(start.method)
    this.#parent = extractParent(start)
    this.context = makeContext(parts, start, this.#parent)
    this.requestId = trustedRequestId(start) ?? this.context.traceId
    parts.counts?.begin(this.#method, start.scheme)
  }

  /** What nobody keeps is neither timed nor described. */
  get isKept(): boolean {
    return this.#parts.spans !== undefined && (this.context.traceFlags & TraceFlags.SAMPLED) !== 0
  }

  routed(facts: RouteFacts): void {
    this.#route = facts
    this.#routeCounts = this.#parts.counts?.routed(facts)
  }

  attempt(endpoint: EndpointFacts): AttemptObserver {
    const resendCount = this.#attempts
    this.#attempts += 1
    this.#endpoint = endpoint
    return new ObservedAttempt(this, endpoint, resendCount, makeSpanId(this.#parts.random))
  }

  attemptEnded(attempt: ObservedAttempt, status: number, error: ErrorCode | undefined, cause: unknown): void {
    this.#parts.counts?.attempt(this.#routeCounts, error)
    if (!this.isKept) return
    const { endpoint, resendCount, startMs } = attempt
    const outcome = { ...describeOutcome(status, error, 400), ...describeCause(cause) }
    this.#keep(attempt.spanId, this.context, {
      name: spanName(this.#method),
      kind: 'client',
      startMs,
      endMs: this.nowMs(),
      attributes: { ...describeAttempt(endpoint, this.#method, resendCount), ...outcome },
      isError: attribute.errorType in outcome,
    })
  }

  end(end: RequestEnd): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const { counts, accessLog } = this.#parts
    const durationMs = this.#parts.clock.elapsed() - this.#startedElapsed
    if (this.isKept) this.#keep(this.context.spanId, this.#parent, this.#spanOf(end, durationMs))
    const { scheme, httpVersion } = this.#start
    counts?.end({ method: this.#method, scheme, httpVersion, route: this.#routeCounts, ...end, durationMs })
    accessLog?.(this.#line(end, durationMs))
  }

  #spanOf(end: RequestEnd, durationMs: number): SpanFacts {
    const route = this.#route
    return {
      name: spanName(this.#method, route?.routePath),
      kind: 'server',
      startMs: this.#startedAt,
      endMs: this.#startedAt + durationMs,
      attributes: {
        ...describeRequest(this.#start, this.#method),
        [attribute.requestId]: this.requestId,
        ...(route && { ...describeRoute(route), [attribute.routeHost]: route.routeHost }),
        ...describeOutcome(end.status, end.error, 500),
      },
      isError: isServerFault(end.status, end.error),
    }
  }

  #line(end: RequestEnd, durationMs: number): AccessLogEntry {
    const story = {
      start: this.#start,
      startedAt: this.#startedAt,
      requestId: this.requestId,
      traceId: this.context.traceId,
      route: this.#route,
      endpoint: this.#endpoint,
      attempts: this.#attempts,
    }
    return describeAnswer(story, end, durationMs)
  }

  /** By the clock that never goes back. */
  nowMs(): number {
    return this.#startedAt + this.#parts.clock.elapsed() - this.#startedElapsed
  }

  #keep(spanId: string, parent: SpanContext | undefined, facts: SpanFacts): void {
    this.#parts.spans?.add({
      traceId: this.context.traceId,
      spanId,
      parentSpanId: parent?.spanId,
      hasRemoteParent: parent?.isRemote ?? false,
      traceState: this.context.traceState?.serialize(),
      ...facts,
    })
  }
}

/** One attempt of a request. */
class ObservedAttempt implements AttemptObserver {
  readonly #request: ObservedRequest
  readonly endpoint: EndpointFacts
  readonly resendCount: number
  readonly spanId: string
  readonly startMs: number
  #hasEnded = false

  constructor(request: ObservedRequest, endpoint: EndpointFacts, resendCount: number, spanId: string) {
    this.#request = request
    this.endpoint = endpoint
    this.resendCount = resendCount
    this.spanId = spanId
    this.startMs = request.isKept ? request.nowMs() : 0
  }

  get headers(): readonly string[] {
    return injectContext(this.#request.context, this.spanId)
  }

  end(status: number | undefined, error: ErrorCode | undefined, cause?: unknown): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#request.attemptEnded(this, status ?? 0, error, cause)
  }
}

/** A trusted peer's decision is kept. Anybody else gets a draw of ours: they could choose a trace id that decides. */
function makeContext(
  { random, traceRatio }: ObserverParts,
  { isTrusted }: RequestStart,
  parent: SpanContext | undefined,
): SpanContext {
  const isSampled =
    isTrusted && parent ? (parent.traceFlags & TraceFlags.SAMPLED) !== 0 : random() < traceRatio
  return {
    traceId: parent?.traceId ?? makeTraceId(random),
    // Of a span that nobody keeps nobody asks who it is: attempts have ids of their own.
    spanId: isSampled ? makeSpanId(random) : '',
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    ...(parent?.traceState && { traceState: parent.traceState }),
  }
}
