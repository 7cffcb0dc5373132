import type { Counter, Histogram, Meter, UpDownCounter } from '@opentelemetry/api'
import { DURATION_BUCKETS_S, metric } from './names.ts'

/** What requests are counted with. */
export interface Instruments {
  readonly duration: Histogram
  readonly active: UpDownCounter
  readonly attempts: Counter
}

/** Makes the instruments once per observer. */
export function createInstruments(meter: Meter): Instruments {
  return {
    duration: meter.createHistogram(metric.requestDuration, {
      description: 'Duration of HTTP server requests.',
      unit: 's',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS_S },
    }),
    active: meter.createUpDownCounter(metric.activeRequests, {
      description: 'Number of active HTTP server requests.',
      unit: '{request}',
    }),
    attempts: meter.createCounter(metric.attempts, {
      description: 'Attempts at endpoints, by outcome.',
      unit: '{attempt}',
    }),
  }
}
