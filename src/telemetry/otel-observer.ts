import {
  type Attributes,
  isSpanContextValid,
  type Meter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Clock, Random } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { AccessLogEntry } from './access-log.ts'
import { describeAnswer } from './answer.ts'
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
} from './http-facts.ts'
import { createInstruments, type Instruments } from './instruments.ts'
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
import { extractParent, injectContext, makeTraceId } from './trace-context.ts'

/** What an observer writes to. `random` makes request ids when no SDK is registered. */
export interface ObserverParts {
  readonly tracer: Tracer
  readonly meter: Meter
  readonly clock: Clock
  readonly random: Random
  readonly accessLog: (line: AccessLogEntry) => void
}

/** Observes requests through the OpenTelemetry API: a span per request and attempt, metrics, an access log. */
export function createObserver(parts: ObserverParts): Observer {
  const instruments = createInstruments(parts.meter)
  return { request: (start) => new OtelRequest(parts, instruments, boundStart(start)) }
}

class OtelRequest implements RequestObserver {
  readonly requestId: string
  readonly #parts: ObserverParts
  readonly #instruments: Instruments
  readonly #start: RequestStart
  readonly #startedAt: number
  readonly #startedElapsed: number
  readonly #method: string
  readonly #span: Span
  readonly #traceId: string
  readonly #activeAttributes: Attributes
  #route: RouteFacts | undefined
  #routeAttributes: Attributes = {}
  #endpoint: EndpointFacts | undefined
  #attempts = 0
  #hasEnded = false

  constructor(parts: ObserverParts, instruments: Instruments, start: RequestStart) {
    this.#parts = parts
    this.#instruments = instruments
    this.#start = start
    this.#startedAt = parts.clock.now()
    this.#startedElapsed = parts.clock.elapsed()
    this.#method = normalizeMethod(start.method)
    const parent = extractParent(start)
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
    this.#span = parts.tracer.startSpan(spanName(this.#method), { kind: SpanKind.SERVER }, context)
    const spanContext = this.#span.spanContext()
    this.#traceId = isSpanContextValid(spanContext) ? spanContext.traceId : makeTraceId(parts.random)
    this.requestId = trustedRequestId(start) ?? this.#traceId
    if (this.#span.isRecording()) {
      this.#span.setAttributes(describeRequest(start, this.#method))
      this.#span.setAttribute(attribute.requestId, this.requestId)
    }
    this.#activeAttributes = { [attribute.method]: this.#method, [attribute.scheme]: start.scheme }
    instruments.active.add(1, this.#activeAttributes)
  }

  routed(facts: RouteFacts): void {
    this.#route = facts
    this.#routeAttributes = describeRoute(facts)
    if (!this.#span.isRecording()) return
    this.#span.updateName(spanName(this.#method, facts.routePath))
    this.#span.setAttributes(this.#routeAttributes)
    this.#span.setAttribute(attribute.routeHost, facts.routeHost)
  }

  attempt(endpoint: EndpointFacts): AttemptObserver {
    const resendCount = this.#attempts
    this.#attempts += 1
    this.#endpoint = endpoint
    const context = trace.setSpan(ROOT_CONTEXT, this.#span)
    const span = this.#parts.tracer.startSpan(spanName(this.#method), { kind: SpanKind.CLIENT }, context)
    if (span.isRecording()) span.setAttributes(describeAttempt(endpoint, this.#method, resendCount))
    let hasEnded = false
    return {
      headers: injectContext(span.spanContext()),
      end: (status, error) => {
        if (hasEnded) return
        hasEnded = true
        this.#endAttempt(span, status ?? 0, error)
      },
    }
  }

  end(end: RequestEnd): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const durationMs = this.#parts.clock.elapsed() - this.#startedElapsed
    const outcome = describeOutcome(end.status, end.error, 500)
    if (this.#span.isRecording()) {
      this.#span.setAttributes(outcome)
      if (isServerFault(end.status, end.error)) this.#span.setStatus({ code: SpanStatusCode.ERROR })
    }
    this.#span.end()
    this.#instruments.active.add(-1, this.#activeAttributes)
    this.#instruments.duration.record(durationMs / 1000, {
      ...this.#activeAttributes,
      [attribute.protocolVersion]: this.#start.httpVersion,
      ...this.#routeAttributes,
      ...outcome,
    })
    this.#parts.accessLog(
      describeAnswer(
        {
          start: this.#start,
          startedAt: this.#startedAt,
          requestId: this.requestId,
          traceId: this.#traceId,
          route: this.#route,
          endpoint: this.#endpoint,
          attempts: this.#attempts,
        },
        end,
        durationMs,
      ),
    )
  }

  #endAttempt(span: Span, status: number, error: ErrorCode | undefined): void {
    if (span.isRecording()) {
      span.setAttributes(describeOutcome(status, error, 400))
      if (error !== undefined || status >= 400) span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end()
    this.#instruments.attempts.add(1, { ...this.#routeAttributes, [attribute.outcome]: error ?? 'answered' })
  }
}
