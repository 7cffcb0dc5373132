import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { observePublishes, observeTables, observeTriggers } from '../../src/telemetry/sync-observer.ts'

function setUp(sampler: Sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() })) {
  const exporter = new InMemorySpanExporter()
  const tracer = new TracerProvider({
    sampler,
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  }).getTracer('t')
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: metricExporter })],
  })
  const clock = { at: 1_000, now: () => clock.at }
  const sums = async (): Promise<Record<string, number>> => {
    await provider.forceFlush()
    const metrics =
      metricExporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? []
    const points = metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [
        `${descriptor.name} ${attributes['postern.sync.stage'] ?? ''}`.trim(),
        typeof value === 'object' && 'sum' in value ? value.sum : undefined,
      ]),
    )
    return Object.fromEntries(points)
  }
  return { parts: { tracer, meter: provider.getMeter('t'), clock }, clock, spans: exporter, sums }
}

test('one change: the same trace in agent and gateway, each from the moment when the agent heard of it', async () => {
  const { parts, clock, spans, sums } = setUp()
  const observeTable = observeTables(parts)
  observeTable({})()

  const publish = observePublishes(parts).began(1_000)
  clock.at = 1_020
  publish.ended(2)
  const { traceparent = '' } = publish
  clock.at = 1_024
  const inForce = observeTable({ news: { receivedAt: 1_000, traceparent } })
  clock.at = 1_025
  inForce()

  const [published, applied] = spans.getFinishedSpans()
  expect(published?.name).toBe('postern.publish')
  expect(published?.startTime).toEqual([1, 0])
  expect(published?.endTime).toEqual([1, 20_000_000])
  expect(published?.attributes).toEqual({ 'postern.sync.records': 2 })
  expect(applied?.name).toBe('postern.apply')
  expect(applied?.startTime).toEqual([1, 24_000_000])
  expect(applied?.parentSpanContext?.spanId).toBe(published?.spanContext().spanId)
  expect(applied?.spanContext().traceId).toBe(published?.spanContext().traceId)
  expect(await sums()).toEqual({
    'postern.sync.duration published': 0.02,
    'postern.sync.duration applied': 0.025,
  })
})

test('what a gateway loads first says nothing of its lag, nor does a heartbeat', async () => {
  const { parts, sums, spans } = setUp()
  const observeTable = observeTables(parts)
  observeTable({ news: { receivedAt: 1 } })()
  observeTable({})()
  expect(await sums()).toEqual({})
  expect(spans.getFinishedSpans()).toEqual([])
})

test('a publish that failed is an error, and counts once it is written; one that changed nothing does not count', async () => {
  const { parts, sums, spans } = setUp()
  observePublishes(parts).began(900).ended(undefined)
  observePublishes(parts).began(900).ended(0)
  expect(spans.getFinishedSpans().map(({ status }) => status.code)).toEqual([2, 0])
  expect(await sums()).toEqual({})
})

test('clocks that differ give no negative lag; hostile trace contexts give no span', async () => {
  const { parts, sums, spans } = setUp()
  const observeTable = observeTables(parts)
  observeTable({})()
  const bad = ['', 'x'.repeat(10_000), `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`]
  for (const traceparent of bad) observeTable({ news: { receivedAt: 5_000, traceparent } })()
  observeTriggers(parts.meter)(-3)
  expect(await sums()).toEqual({
    'postern.sync.duration applied': 0,
    'postern.agent.trigger_lag': 0,
  })
  expect(spans.getFinishedSpans()).toEqual([])
})
