import { createTraceState, isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api'
import type { Random } from '../model/clock.ts'
import type { RequestStart } from './observer.ts'

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Reads W3C Trace Context. Strangers do not decide what is sampled: their flag is cleared. */
export function extractParent(start: RequestStart): SpanContext | undefined {
  const match = start.traceparent === undefined ? null : TRACEPARENT.exec(start.traceparent)
  if (!match) return undefined
  const [, version, traceId = '', spanId = '', flags = '', rest] = match
  if (version === '00' && rest !== undefined) return undefined
  const isSampled = start.isTrusted && (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0
  const parent: SpanContext = {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(start.tracestate ? { traceState: createTraceState(start.tracestate) } : {}),
  }
  return isSpanContextValid(parent) ? parent : undefined
}

/** Fields that carry a span to the endpoint, as [name, value, …]. None without an SDK and a parent. */
export function injectContext(context: SpanContext): readonly string[] {
  if (!isSpanContextValid(context)) return []
  const flags = context.traceFlags & TraceFlags.SAMPLED ? '01' : '00'
  const fields = ['traceparent', `00-${context.traceId}-${context.spanId}-${flags}`]
  const state = context.traceState?.serialize()
  if (state) fields.push('tracestate', state)
  return fields
}

/** A trace id for when no SDK makes one: 32 hexadecimal digits. */
export function makeTraceId(random: Random): string {
  return makeId(random, 32)
}

/** A span id for when no SDK makes one: 16 hexadecimal digits. */
export function makeSpanId(random: Random): string {
  return makeId(random, 16)
}

function makeId(random: Random, digits: number): string {
  let id = ''
  while (id.length < digits)
    id += Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0')
  // All zeros stand for no id.
  return /[^0]/.test(id) ? id : `${id.slice(1)}1`
}
