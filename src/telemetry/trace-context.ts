import { createTraceState, isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api'
import type { Random } from '../model/clock.ts'
import type { RequestStart } from './observer.ts'

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Reads W3C Trace Context. Strangers do not decide what is sampled: their flag is cleared. */
export function extractParent(start: RequestStart): SpanContext | undefined {
  const parent = parseTraceparent(start.traceparent)
  return (
    parent && {
      ...parent,
      ...(!start.isTrusted && { traceFlags: TraceFlags.NONE }),
      ...(start.tracestate && { traceState: createTraceState(start.tracestate) }),
    }
  )
}

/** Reads one `traceparent`. @returns undefined when it is none */
export function parseTraceparent(text: string | undefined): SpanContext | undefined {
  const match = text === undefined ? null : TRACEPARENT.exec(text)
  if (!match) return undefined
  const [, version, traceId = '', spanId = '', flags = '', rest] = match
  if (version === '00' && rest !== undefined) return undefined
  const isSampled = (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  const context: SpanContext = { traceId, spanId, traceFlags, isRemote: true }
  return isSpanContextValid(context) ? context : undefined
}

/** Fields that carry a span to the endpoint, as [name, value, …]. */
export function injectContext(context: SpanContext, spanId = context.spanId): readonly string[] {
  const flags = context.traceFlags & TraceFlags.SAMPLED ? '01' : '00'
  const fields = ['traceparent', `00-${context.traceId}-${spanId}-${flags}`]
  const state = context.traceState?.serialize()
  if (state) fields.push('tracestate', state)
  return fields
}

/** A trace id of a request without one: 32 hexadecimal digits. */
export function makeTraceId(random: Random): string {
  return makeId(random, 32)
}

/** A span id: 16 hexadecimal digits. */
export function makeSpanId(random: Random): string {
  return makeId(random, 16)
}

function makeId(random: Random, digits: number): string {
  let id = ''
  let all = 0
  while (id.length < digits) {
    const bits = Math.floor(random() * 0x1_0000_0000)
    all |= bits
    id += hexOf(bits >>> 24) + hexOf((bits >>> 16) & 0xff) + hexOf((bits >>> 8) & 0xff) + hexOf(bits & 0xff)
  }
  // All zeros stand for no id.
  return all === 0 ? `${id.slice(1)}1` : id
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hexOf(byte: number): string {
  return HEX[byte] ?? ''
}
