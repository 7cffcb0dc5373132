import { type HrTime, ValueType } from '@opentelemetry/api'
import { type InstrumentationScope, millisToHrTime } from '@opentelemetry/core'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricDescriptor,
  type MetricProducer,
  MetricReader,
} from '@opentelemetry/sdk-metrics'
import type { Clock } from '../../src/model/clock.ts'
import { DURATION_BUCKETS_S, metric } from '../../src/telemetry/names.ts'
import type { RequestCounts, SumPoint } from '../../src/telemetry/request-counts.ts'

/** Gives readers what requests were counted in, beside the SDK's own instruments. */
export function produceRequestMetrics(
  counts: RequestCounts,
  scope: InstrumentationScope,
  clock: Clock,
): MetricProducer {
  const startTime = millisToHrTime(clock.now())
  return {
    collect: async () => {
      const times = { startTime, endTime: millisToHrTime(clock.now()) }
      const metrics = [
        durations(counts, times),
        sum(activeRequests, false, counts.active, times),
        sum(attempts, true, counts.attempts, times),
      ].filter(({ dataPoints }) => dataPoints.length > 0)
      return {
        resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope, metrics }] },
        errors: [],
      }
    },
  }
}

/** Reads when it is asked, of the SDK and of what else produces metrics. */
export class PullReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

interface Times {
  readonly startTime: HrTime
  readonly endTime: HrTime
}

const requestDuration: MetricDescriptor = {
  name: metric.requestDuration,
  description: 'Duration of HTTP server requests.',
  unit: 's',
  valueType: ValueType.DOUBLE,
}
const activeRequests: MetricDescriptor = {
  name: metric.activeRequests,
  description: 'Number of active HTTP server requests.',
  unit: '{request}',
  valueType: ValueType.INT,
}
const attempts: MetricDescriptor = {
  name: metric.attempts,
  description: 'Attempts at endpoints, by outcome.',
  unit: '{attempt}',
  valueType: ValueType.INT,
}

function durations(counts: RequestCounts, times: Times): MetricData {
  return {
    descriptor: requestDuration,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: Array.from(counts.durations, ({ attributes, buckets, count, sum, min, max }) => ({
      ...times,
      attributes,
      value: { buckets: { boundaries: DURATION_BUCKETS_S, counts: [...buckets] }, count, sum, min, max },
    })),
  }
}

function sum(
  descriptor: MetricDescriptor,
  isMonotonic: boolean,
  points: Iterable<SumPoint>,
  times: Times,
): MetricData {
  const dataPoints = Array.from(
    points,
    ({ attributes, value }): DataPoint<number> => ({ ...times, attributes, value }),
  )
  return {
    descriptor,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic,
    dataPoints,
  }
}
