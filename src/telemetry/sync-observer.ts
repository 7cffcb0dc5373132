import {
  type Histogram,
  isSpanContextValid,
  type Meter,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Clock } from '../model/clock.ts'
import { attribute, metric, SYNC_BUCKETS_S, TRIGGER_BUCKETS_S } from './names.ts'
import { injectContext, parseTraceparent } from './trace-context.ts'

export interface SyncParts {
  readonly meter: Meter
  readonly tracer: Tracer
  readonly clock: Pick<Clock, 'now'>
  /** Whose tables these are, where a gateway serves several clusters. */
  readonly cluster?: string | undefined
}

/** Structurally the head of a registry, as far as it is measured. */
interface NewsHead {
  readonly news?: { readonly receivedAt: number; readonly traceparent?: string }
}

/** How long after the agent heard of a change it is written; one span each. Structurally the agent's SyncObserver. */
export function observePublishes({ meter, tracer, clock }: SyncParts) {
  const lag = syncHistogram(meter)
  return {
    began: (receivedAt: number) => {
      const span = tracer.startSpan('postern.publish', { root: true, startTime: receivedAt })
      return {
        traceparent: span.isRecording() ? traceparentOf(span) : undefined,
        ended: (records: number | undefined): void => {
          if (records === undefined) span.setStatus({ code: SpanStatusCode.ERROR })
          else span.setAttribute(attribute.syncRecords, records)
          span.end(clock.now())
          // What leaves the records as they are was no change.
          if (records !== undefined && records > 0) record(lag, clock.now() - receivedAt, 'published')
        },
      }
    },
  }
}

/** How long after the agent heard of a change this gateway routes by it; one span each, in the publish's trace. */
export function observeTables({ meter, tracer, clock, cluster }: SyncParts): (head: NewsHead) => () => void {
  const lag = syncHistogram(meter)
  let hasTable = false
  return ({ news }) => {
    const isFirst = !hasTable
    hasTable = true
    // A gateway that starts is not late: what it loads first may be of last week.
    if (news === undefined || isFirst) return () => {}
    const parent = parseTraceparent(news.traceparent)
    const context = parent && trace.setSpanContext(ROOT_CONTEXT, parent)
    const span = context && tracer.startSpan('postern.apply', { startTime: clock.now() }, context)
    return () => {
      span?.end(clock.now())
      record(lag, clock.now() - news.receivedAt, 'applied', cluster)
    }
  }
}

/** How long after its cause a slice was heard of: the cluster's own share, apart because it is told in whole seconds. */
export function observeTriggers(meter: Meter): (lagMs: number) => void {
  const lag = meter.createHistogram(metric.triggerLag, {
    description:
      'From the change of a Pod or Service to the watch event of its EndpointSlice, by endpoints.kubernetes.io/last-change-trigger-time (whole seconds).',
    unit: 's',
    advice: { explicitBucketBoundaries: TRIGGER_BUCKETS_S },
  })
  return (lagMs) => lag.record(Math.max(0, lagMs) / 1000)
}

function syncHistogram(meter: Meter): Histogram {
  return meter.createHistogram(metric.syncDuration, {
    description:
      'From the watch event of a change to its record being written (published) and to the table that routes by it (applied).',
    unit: 's',
    advice: { explicitBucketBoundaries: SYNC_BUCKETS_S },
  })
}

/** Two machines' clocks may differ: nothing is taken in before it was heard of. */
function record(lag: Histogram, ms: number, stage: 'published' | 'applied', cluster?: string): void {
  lag.record(Math.max(0, ms) / 1000, {
    [attribute.syncStage]: stage,
    ...(cluster !== undefined && { [attribute.cluster]: cluster }),
  })
}

function traceparentOf(span: Span): string | undefined {
  const context = span.spanContext()
  return isSpanContextValid(context) ? injectContext(context)[1] : undefined
}
