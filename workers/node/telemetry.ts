import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Meter, Tracer } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import {
  type IMetricReader,
  MeterProvider,
  type MetricProducer,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions'
import { systemRandom } from '../../src/model/clock.node.ts'
import type { Clock } from '../../src/model/clock.ts'
import { metric } from '../../src/telemetry/names.ts'
import type { Observer } from '../../src/telemetry/observer.ts'
import { RequestCounts } from '../../src/telemetry/request-counts.ts'
import { createObserver } from '../../src/telemetry/request-observer.ts'
import { openAccessLog } from './access-log.ts'
import { PullReader, produceRequestMetrics } from './request-metrics.ts'
import { exportSpans } from './span-export.ts'

export interface TelemetryOptions {
  readonly serviceName: string
  readonly version: string
  /** Base URL of an OTLP/HTTP collector; without one nothing is exported. */
  readonly otlpEndpoint?: string | undefined
  /** Share of traces kept, 0 to 1, where no trusted peer has decided. */
  readonly traceRatio: number
  /** `off`, `stdout`, or the path of a file. */
  readonly accessLog: 'off' | 'stdout' | (string & {})
  /** Other processes write their access log there too. */
  readonly sharesStdout?: boolean
  readonly clock: Clock
}

export interface Telemetry {
  readonly observer: Observer
  readonly meter: Meter
  readonly tracer: Tracer
  /** Metrics as Prometheus text. */
  prometheus(): Promise<string>
  /** Flushes what it can within two seconds. Never rejects. */
  shutdown(): Promise<void>
}

const SCOPE = 'postern'
const SHUTDOWN_MS = 2000

/** Starts the OpenTelemetry SDKs and the access log. Nothing here waits for a collector. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { serviceName, version, clock } = options
  const endpoint = options.otlpEndpoint?.replace(/\/+$/, '')
  const resource = defaultResource().merge(
    resourceFromAttributes({
      [ATTR_SERVICE_NAME]: serviceName,
      [ATTR_SERVICE_VERSION]: version,
      [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
    }),
  )
  const scope = { name: SCOPE, version }
  const counts = new RequestCounts()
  const requests = produceRequestMetrics(counts, scope, clock)
  const reader = new PullReader({ metricProducers: [requests] })
  const meterProvider = new MeterProvider({ resource, readers: [reader, ...otlpReaders(endpoint, requests)] })
  const meter = meterProvider.getMeter(SCOPE, version)
  const dropped = meter.createCounter(metric.accessLogDropped, {
    description: 'Lines of the access log that were dropped because its buffer was full.',
    unit: '{line}',
  })
  const log = openAccessLog(options, dropped)
  const processor = spanProcessor(endpoint)
  const tracerProvider = createTracerProvider(resource, processor, options.traceRatio)
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true)
  const observer = createObserver({
    clock,
    random: systemRandom,
    traceRatio: processor === undefined ? 0 : options.traceRatio,
    accessLog: log.write,
    spans: processor && exportSpans(processor, resource, scope),
    counts,
  })
  return {
    observer,
    meter,
    tracer: tracerProvider.getTracer(SCOPE, version),
    prometheus: async () => serializer.serialize((await reader.collect()).resourceMetrics),
    shutdown: () =>
      settleWithin(SHUTDOWN_MS, [log.close(), tracerProvider.shutdown(), meterProvider.shutdown()]),
  }
}

function spanProcessor(endpoint: string | undefined): SpanProcessor | undefined {
  if (endpoint === undefined) return undefined
  return new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }) })
}

/** For spans of which there are few. Those of requests go to the processor as they are. */
function createTracerProvider(
  resource: Resource,
  processor: SpanProcessor | undefined,
  traceRatio: number,
): TracerProvider {
  if (processor === undefined) return new TracerProvider({ resource, sampler: new AlwaysOffSampler() })
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(traceRatio) })
  return new TracerProvider({ resource, sampler, spanProcessors: [processor] })
}

function otlpReaders(endpoint: string | undefined, requests: MetricProducer): IMetricReader[] {
  if (endpoint === undefined) return []
  const exporter = new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` })
  return [new PeriodicExportingMetricReader({ exporter, metricProducers: [requests] })]
}

async function settleWithin(limitMs: number, work: readonly Promise<void>[]): Promise<void> {
  const limit = new AbortController()
  const timeout = sleep(limitMs, undefined, { signal: limit.signal }).catch(() => {})
  await Promise.race([Promise.allSettled(work), timeout])
  limit.abort()
}
