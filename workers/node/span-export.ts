import { type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import { hrTimeDuration, type InstrumentationScope, millisToHrTime, TraceState } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import type { FinishedSpan, SpanSink } from '../../src/telemetry/finished-span.ts'

/** Hands finished spans to the SDK, which gathers and sends them. */
export function exportSpans(
  processor: SpanProcessor,
  resource: Resource,
  scope: InstrumentationScope,
): SpanSink {
  return { add: (span) => processor.onEnd(readable(span, resource, scope)) }
}

function readable(span: FinishedSpan, resource: Resource, scope: InstrumentationScope): ReadableSpan {
  const startTime = millisToHrTime(span.startMs)
  const endTime = millisToHrTime(span.endMs)
  const context = contextOf(span, span.spanId, false)
  return {
    name: span.name,
    kind: span.kind === 'server' ? SpanKind.SERVER : SpanKind.CLIENT,
    spanContext: () => context,
    ...(span.parentSpanId !== undefined && {
      parentSpanContext: contextOf(span, span.parentSpanId, span.hasRemoteParent),
    }),
    startTime,
    endTime,
    duration: hrTimeDuration(startTime, endTime),
    ended: true,
    status: { code: span.isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: span.attributes,
    links: [],
    events: [],
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

function contextOf({ traceId, traceState }: FinishedSpan, spanId: string, isRemote: boolean): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote,
    ...(traceState !== undefined && { traceState: new TraceState(traceState) }),
  }
}
