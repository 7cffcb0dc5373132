import { type SpanContext, TraceFlags } from '@opentelemetry/api'
import type { Clock, Random } from '../../model/clock.ts'
import type { AccessLogEntry } from '../access-log.ts'
import { describeAnswer } from '../answer.ts'
import {
  boundStart,
  describeAttempt,
  describeOutcome,
  describeRequest,
  describeRoute,
  isServerFault,
  normalizeMethod,
  spanName,
  trustedRequestId,
} from '../http-facts.ts'
import { attribute } from '../names.ts'
import type {
  AttemptObserver,
  EndpointFacts,
  Observer,
  RequestEnd,
  RequestObserver,
  RequestStart,
  RouteFacts,
} from '../observer.ts'
import { extractParent, injectContext, makeSpanId, makeTraceId } from '../trace-context.ts'
import type { FinishedSpan, SpanBuffer } from './span-buffer.ts'

/** What the observer writes to. */
export interface LightObserverParts {
  readonly clock: Clock
  readonly random: Random
  /** Share of traces kept, 0 to 1, where no trusted peer has decided. */
  readonly traceRatio: number
  /** Undefined: nobody reads one, and none is written. */
  readonly accessLog: ((line: AccessLogEntry) => void) | undefined
  readonly spans: SpanBuffer
}

/**
 * Observes requests without an SDK, whose timers and size do not fit Workers: the same spans and the same log as
 * createObserver gives, kept in a buffer until flushSpans sends them. No metrics.
 */
export function createLightObserver(parts: LightObserverParts): Observer {
  return { request: (start) => new LightRequest(parts, boundStart(start)) }
}

/** Facts of a span that end() adds. */
type Outcome = Pick<FinishedSpan, 'name' | 'attributes' | 'isError'>

class LightRequest implements RequestObserver {
  readonly requestId: string
  readonly #parts: LightObserverParts
  readonly #start: RequestStart
  readonly #startedAt: number
  readonly #startedElapsed: number
  readonly #method: string
  readonly #parent: SpanContext | undefined
  readonly #context: SpanContext
  #route: RouteFacts | undefined
  #endpoint: EndpointFacts | undefined
  #attempts = 0
  #hasEnded = false

  constructor(parts: LightObserverParts, start: RequestStart) {
    this.#parts = parts
    this.#start = start
    this.#startedAt = parts.clock.now()
    this.#startedElapsed = parts.clock.elapsed()
    this.#method = normalizeMethod(start.method)
    this.#parent = extractParent(start)
    this.#context = makeContext(parts, start, this.#parent)
    this.requestId = trustedRequestId(start) ?? this.#context.traceId
  }

  routed(facts: RouteFacts): void {
    this.#route = facts
  }

  attempt(endpoint: EndpointFacts): AttemptObserver {
    const resendCount = this.#attempts
    this.#attempts += 1
    this.#endpoint = endpoint
    const startMs = this.#nowMs()
    const context = { ...this.#context, spanId: makeSpanId(this.#parts.random) }
    let hasEnded = false
    return {
      headers: injectContext(context),
      end: (status, error) => {
        if (hasEnded) return
        hasEnded = true
        this.#keep(context, this.#context, 'client', startMs, () => {
          const outcome = describeOutcome(status ?? 0, error, 400)
          return {
            name: spanName(this.#method),
            attributes: { ...describeAttempt(endpoint, this.#method, resendCount), ...outcome },
            isError: attribute.errorType in outcome,
          }
        })
      },
    }
  }

  end(end: RequestEnd): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#keep(this.#context, this.#parent, 'server', this.#startedAt, () => this.#outcome(end))
    this.#parts.accessLog?.(this.#line(end))
  }

  #outcome(end: RequestEnd): Outcome {
    const route = this.#route
    return {
      name: spanName(this.#method, route?.routePath),
      attributes: {
        ...describeRequest(this.#start, this.#method),
        [attribute.requestId]: this.requestId,
        ...(route && { ...describeRoute(route), [attribute.routeHost]: route.routeHost }),
        ...describeOutcome(end.status, end.error, 500),
      },
      isError: isServerFault(end.status, end.error),
    }
  }

  #line(end: RequestEnd): AccessLogEntry {
    const story = {
      start: this.#start,
      startedAt: this.#startedAt,
      requestId: this.requestId,
      traceId: this.#context.traceId,
      route: this.#route,
      endpoint: this.#endpoint,
      attempts: this.#attempts,
    }
    return describeAnswer(story, end, this.#nowMs() - this.#startedAt)
  }

  /** By the clock that never goes back. */
  #nowMs(): number {
    return this.#startedAt + this.#parts.clock.elapsed() - this.#startedElapsed
  }

  #keep(
    context: SpanContext,
    parent: SpanContext | undefined,
    kind: FinishedSpan['kind'],
    startMs: number,
    outcome: () => Outcome,
  ): void {
    if (!(context.traceFlags & TraceFlags.SAMPLED)) return
    this.#parts.spans.add({
      traceId: context.traceId,
      spanId: context.spanId,
      parentSpanId: parent?.spanId,
      hasRemoteParent: parent?.isRemote ?? false,
      traceState: context.traceState?.serialize(),
      kind,
      startMs,
      endMs: this.#nowMs(),
      ...outcome(),
    })
  }
}

/** A trusted peer's decision is kept. Anybody else gets a draw of ours: they could choose a trace id that decides. */
function makeContext(
  { random, traceRatio }: LightObserverParts,
  { isTrusted }: RequestStart,
  parent: SpanContext | undefined,
): SpanContext {
  const isSampled =
    isTrusted && parent ? (parent.traceFlags & TraceFlags.SAMPLED) !== 0 : random() < traceRatio
  return {
    traceId: parent?.traceId ?? makeTraceId(random),
    spanId: makeSpanId(random),
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    ...(parent?.traceState && { traceState: parent.traceState }),
  }
}
