import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Counter, Meter, Tracer } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import { type IMetricReader, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions'
import sonicBoom from 'sonic-boom'
import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { Clock } from '../../src/model/clock.ts'
import { type AccessLogEntry, formatAccessLog } from '../../src/telemetry/access-log.ts'
import { LineBuffer } from '../../src/telemetry/line-buffer.ts'
import { metric } from '../../src/telemetry/names.ts'
import type { Observer } from '../../src/telemetry/observer.ts'
import { createObserver } from '../../src/telemetry/otel-observer.ts'

export interface TelemetryOptions {
  readonly serviceName: string
  readonly version: string
  /** Base URL of an OTLP/HTTP collector; without one nothing is exported. */
  readonly otlpEndpoint?: string | undefined
  /** Share of traces kept, 0 to 1, where no trusted peer has decided. */
  readonly traceRatio: number
  /** `off`, `stdout`, or the path of a file. */
  readonly accessLog: 'off' | 'stdout' | (string & {})
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

interface AccessLog {
  write(entry: AccessLogEntry): void
  close(): Promise<void>
}

const SCOPE = 'postern'
const SHUTDOWN_MS = 2000
const LOG_FLUSH_MS = 200
const LOG_CHARS = 16_384
const LOG_MAX_BYTES = 16 * 1024 * 1024

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
  const prometheusReader = new PrometheusExporter({ preventServerStart: true })
  const tracerProvider = createTracerProvider(resource, endpoint, options.traceRatio)
  const meterProvider = new MeterProvider({ resource, readers: [prometheusReader, ...otlpReaders(endpoint)] })
  const meter = meterProvider.getMeter(SCOPE, version)
  const dropped = meter.createCounter(metric.accessLogDropped, {
    description: 'Lines of the access log that were dropped because its buffer was full.',
    unit: '{line}',
  })
  const log = openAccessLog(options.accessLog, dropped)
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true)
  const tracer = tracerProvider.getTracer(SCOPE, version)
  const observer = createObserver({
    tracer,
    meter,
    clock,
    random: systemRandom,
    accessLog: log.write,
  })
  return {
    observer,
    meter,
    tracer,
    prometheus: async () => serializer.serialize((await prometheusReader.collect()).resourceMetrics),
    shutdown: () =>
      settleWithin(SHUTDOWN_MS, [log.close(), tracerProvider.shutdown(), meterProvider.shutdown()]),
  }
}

function createTracerProvider(
  resource: Resource,
  endpoint: string | undefined,
  traceRatio: number,
): TracerProvider {
  // Spans that nobody collects are not recorded, but requests still get their ids.
  if (endpoint === undefined) return new TracerProvider({ resource, sampler: new AlwaysOffSampler() })
  const ratio = new TraceIdRatioBasedSampler(traceRatio)
  return new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({
      root: ratio,
      remoteParentSampled: new AlwaysOnSampler(),
      remoteParentNotSampled: drawnSampler(traceRatio),
    }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }) }),
    ],
  })
}

/** By our own draw: the trace id is the client's choice here, and must not decide. */
function drawnSampler(ratio: number): Sampler {
  const [on, off] = [new AlwaysOnSampler(), new AlwaysOffSampler()]
  return {
    shouldSample: () => (systemRandom() < ratio ? on : off).shouldSample(),
    toString: () => `Drawn{${ratio}}`,
  }
}

function otlpReaders(endpoint: string | undefined): IMetricReader[] {
  if (endpoint === undefined) return []
  const exporter = new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` })
  return [new PeriodicExportingMetricReader({ exporter })]
}

function openAccessLog(target: string, dropped: Counter): AccessLog {
  if (target === 'off') return { write: () => {}, close: async () => {} }
  const stream = new sonicBoom.SonicBoom({
    ...(target === 'stdout' ? { fd: 1 } : { dest: target, mkdir: true }),
    sync: false,
    maxLength: LOG_MAX_BYTES,
  })
  stream.on('drop', (lines: string) => dropped.add(lines.split('\n').length - 1))
  // A log that cannot be written must not end the process: its lines pile up to the bound, then are dropped.
  stream.once('error', (error: Error) => process.stderr.write(`Cannot write access log: ${error.message}\n`))
  stream.on('error', () => {})
  // The stream measures all that waits in it at every write: a line is too little to give it.
  const options = { timers: systemTimers, maxChars: LOG_CHARS, flushMs: LOG_FLUSH_MS }
  const buffer = new LineBuffer((lines) => void stream.write(lines), options)
  let isOpen = true
  return {
    write: (entry) => {
      if (isOpen) buffer.add(formatAccessLog(entry))
    },
    close: () => {
      isOpen = false
      buffer.flush()
      return new Promise((resolve) => {
        stream.once('close', resolve)
        stream.end()
      })
    },
  }
}

async function settleWithin(limitMs: number, work: readonly Promise<void>[]): Promise<void> {
  const limit = new AbortController()
  const timeout = sleep(limitMs, undefined, { signal: limit.signal }).catch(() => {})
  await Promise.race([Promise.allSettled(work), timeout])
  limit.abort()
}
