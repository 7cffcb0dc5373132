import { systemTimers } from '../../../src/model/clock.node.ts'
import type { Timers } from '../../../src/model/clock.ts'
import type { FinishedSpan } from '../../../src/telemetry/finished-span.ts'
import type { Collector } from '../../../src/telemetry/light/flush.ts'
import { SpanBuffer } from '../../../src/telemetry/light/span-buffer.ts'
import { PARENT_ID, TRACE_ID } from '../start.ts'

/** A finished span with every kind of attribute. */
export const span: FinishedSpan = {
  traceId: TRACE_ID,
  spanId: '00f067aa0ba902b7',
  parentSpanId: PARENT_ID,
  hasRemoteParent: true,
  traceState: 'a=1',
  name: 'GET /api/*',
  kind: 'server',
  startMs: 1_772_323_199_007,
  endMs: 1_772_323_199_019.5,
  attributes: { 'url.path': '/api/carts/7', 'server.port': 8080, share: 0.5, 'is.it': true },
  isError: true,
}

export function bufferOf(count: number, capacity = 10_000): SpanBuffer {
  const spans = new SpanBuffer(capacity)
  for (let i = 0; i < count; i++) spans.add(span)
  return spans
}

export const collectorAt = (endpoint: string, timers: Timers = systemTimers): Collector => ({
  endpoint,
  headers: { 'x-api-key': 'secret' },
  resource: { 'service.name': 'gateway' },
  scope: { name: 'postern', version: '1.2.3' },
  timeoutMs: 10_000,
  timers,
})
