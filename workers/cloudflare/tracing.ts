import type { Clock, Random, Timers } from '../../src/model/clock.ts'
import { pause } from '../../src/model/pause.ts'
import { formatAccessLog } from '../../src/telemetry/access-log.ts'
import { type FetchCollector, flushSpans } from '../../src/telemetry/light/flush.ts'
import { SpanBuffer } from '../../src/telemetry/light/span-buffer.ts'
import type { Observer } from '../../src/telemetry/observer.ts'
import { createObserver } from '../../src/telemetry/request-observer.ts'
import type { WorkerConfig } from './config.ts'

export interface TracingParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly fetch: FetchCollector
  readonly print: (line: string) => void
}

export interface Tracing {
  readonly observer: Observer
  readonly spans: SpanBuffer
  /** Sends what waits; undefined when nothing does, or when another request is about to. */
  afterwards(): Promise<void> | undefined
}

/** Spans that wait: about 1 MB. */
const CAPACITY = 1_000
/** One request in so long sends for all; the platform lets work outlive its answer for 30 s. */
const GATHER_MS = 500
const FLUSH_MS = 5_000
/** Waiting spans that are sent at once. */
const MANY = 256

/** Traces and the access log of one isolate. Plain data between requests: whoever comes by sends it. */
export function createTracing(config: WorkerConfig, parts: TracingParts): Tracing {
  const { clock, timers, random, fetch, print } = parts
  const { OTLP_ENDPOINT: endpoint, OTLP_HEADERS: headers, TRACE_RATIO, ACCESS_LOG } = config
  const spans = new SpanBuffer(CAPACITY)
  const observer = createObserver({
    clock,
    random,
    // Where nobody collects them, they are not kept.
    spans: endpoint === undefined ? undefined : spans,
    counts: undefined,
    traceRatio: endpoint === undefined ? 0 : TRACE_RATIO,
    accessLog: ACCESS_LOG === 'on' ? (line) => print(formatAccessLog(line)) : undefined,
  })
  let gatheringUntil = 0
  const flush = async (waitMs: number): Promise<void> => {
    if (endpoint === undefined) return
    if (waitMs > 0) await pause(waitMs, timers, new AbortController().signal)
    const resource = { 'service.name': 'postern', 'cloud.provider': 'cloudflare' }
    const scope = { name: 'postern', version: '' }
    await flushSpans(spans, { endpoint, headers, resource, scope, timeoutMs: FLUSH_MS, timers }, fetch)
  }
  return {
    observer,
    spans,
    afterwards: () => {
      const { waiting } = spans.counts
      const now = clock.now()
      // A time and not a flag: whoever was to send may have been ended by the platform.
      if (waiting === 0 || endpoint === undefined || (now < gatheringUntil && waiting < MANY))
        return undefined
      gatheringUntil = now + GATHER_MS
      return flush(waiting < MANY ? GATHER_MS : 0)
    },
  }
}
