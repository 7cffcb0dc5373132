import type { Attributes } from '@opentelemetry/api'
import type { FinishedSpan } from '../finished-span.ts'

/** What all spans of a sender share. */
export interface SpanOrigin {
  /** `service.name` and the like. */
  readonly resource: Attributes
  readonly scope: { readonly name: string; readonly version: string }
}

/** Numbers of opentelemetry-proto's enums. */
const SPAN_KIND = { server: 2, client: 3 } as const
const STATUS = { unset: 0, error: 2 } as const
const FLAGS = { sampled: 0x1, hasIsRemote: 0x100, isRemote: 0x200 } as const

/** The body of `POST /v1/traces` (ExportTraceServiceRequest) over spans that {@link encodeSpan} made. */
export function encodeExport(spans: readonly string[], { resource, scope }: SpanOrigin): string {
  const attributes = JSON.stringify({ attributes: encodeAttributes(resource) })
  const scopeSpans = `[{"scope":${JSON.stringify(scope)},"spans":[${spans.join(',')}]}]`
  return `{"resourceSpans":[{"resource":${attributes},"scopeSpans":${scopeSpans}}]}`
}

/** One span as OTLP/JSON: ids in hexadecimal, 64-bit numbers as strings, enums as numbers. */
export function encodeSpan(span: FinishedSpan): string {
  return JSON.stringify({
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: span.traceState,
    flags: FLAGS.sampled | FLAGS.hasIsRemote | (span.hasRemoteParent ? FLAGS.isRemote : 0),
    name: span.name,
    kind: SPAN_KIND[span.kind],
    startTimeUnixNano: formatNanoseconds(span.startMs),
    endTimeUnixNano: formatNanoseconds(span.endMs),
    attributes: encodeAttributes(span.attributes),
    status: { code: span.isError ? STATUS.error : STATUS.unset },
  })
}

function encodeAttributes(attributes: Attributes): unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: encodeValue(value) }))
}

/** Ours are text, numbers and booleans. */
function encodeValue(value: Attributes[string]): unknown {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }
  if (typeof value === 'boolean') return { boolValue: value }
  return { stringValue: String(value) }
}

/** Nanoseconds do not fit a number: milliseconds and their fraction are written one after the other. */
function formatNanoseconds(ms: number): string {
  const microseconds = Math.round(ms * 1000)
  const whole = Math.floor(microseconds / 1000)
  return `${whole}${String((microseconds % 1000) * 1000).padStart(6, '0')}`
}
