import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import * as v from 'valibot'
import { afterEach, expect, it } from 'vitest'
import { systemClock, systemRandom, systemTimers } from '../../../src/model/clock.node.ts'
import type { AccessLogEntry } from '../../../src/telemetry/access-log.ts'
import { flushSpans } from '../../../src/telemetry/light/flush.ts'
import { SpanBuffer } from '../../../src/telemetry/light/span-buffer.ts'
import type { Observer, RequestEnd, RequestStart } from '../../../src/telemetry/observer.ts'
import { createObserver } from '../../../src/telemetry/request-observer.ts'
import { exportSpans } from '../../../workers/node/span-export.ts'
import { SAMPLED, start } from '../start.ts'
import { startCollector } from './collector.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const scope = { name: 'postern', version: '1.2.3' }
const resource = { 'service.name': 'gateway', 'service.version': '1.2.3' }

const keyValues = v.array(v.object({ key: v.string(), value: v.record(v.string(), v.unknown()) }))
const spanSchema = v.object({
  traceId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  spanId: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  parentSpanId: v.optional(v.string()),
  traceState: v.optional(v.string()),
  flags: v.number(),
  name: v.string(),
  kind: v.number(),
  startTimeUnixNano: v.pipe(v.string(), v.regex(/^\d{19}$/)),
  endTimeUnixNano: v.pipe(v.string(), v.regex(/^\d{19}$/)),
  attributes: keyValues,
  status: v.object({ code: v.number() }),
})
const exportSchema = v.object({
  resourceSpans: v.tuple([
    v.object({
      resource: v.object({ attributes: keyValues }),
      scopeSpans: v.tuple([
        v.object({ scope: v.object({ name: v.string(), version: v.string() }), spans: v.array(spanSchema) }),
      ]),
    }),
  ]),
})

const parts = { clock: systemClock, random: systemRandom, traceRatio: 1, counts: undefined }

interface Observation {
  readonly bodies: string[]
  readonly lines: AccessLogEntry[]
}

type Play = (observer: Observer) => void

/** By the SDK's exporter. */
async function observeWithSdk(play: Play): Promise<Observation> {
  const collector = await startCollector()
  closers.push(collector.close)
  const exporter = new OTLPTraceExporter({ url: `${collector.endpoint}/v1/traces` })
  const processor = new SimpleSpanProcessor({ exporter })
  const lines: AccessLogEntry[] = []
  const accessLog = (line: AccessLogEntry) => lines.push(line)
  const spans = exportSpans(processor, resourceFromAttributes(resource), scope)
  play(createObserver({ ...parts, accessLog, spans }))
  await processor.shutdown()
  return { bodies: collector.received.map(({ text }) => text), lines }
}

async function observeLightly(play: Play): Promise<Observation> {
  const { endpoint, received, close } = await startCollector()
  closers.push(close)
  const spans = new SpanBuffer(100)
  const lines: AccessLogEntry[] = []
  const accessLog = (line: AccessLogEntry) => lines.push(line)
  play(createObserver({ ...parts, accessLog, spans }))
  await flushSpans(
    spans,
    { endpoint, headers: {}, resource, scope, timeoutMs: 10_000, timers: systemTimers },
    fetch,
  )
  return { bodies: received.map(({ text }) => text), lines }
}

/** What was exported, without what differs in every run, in an order of its own, and with parents by name. */
function normalize({ bodies, lines }: Observation) {
  const exports = bodies.map((text) => v.parse(exportSchema, JSON.parse(text)).resourceSpans[0])
  const spans = exports.flatMap(({ scopeSpans }) => scopeSpans[0].spans)
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]))
  const ownTrace = new Set(spans.map(({ traceId }) => traceId)).size
  return {
    ownTrace,
    origins: [...new Set(exports.map((one) => JSON.stringify([one.resource, one.scopeSpans[0].scope])))],
    spans: spans
      .map(
        ({
          traceId,
          spanId: _,
          parentSpanId,
          startTimeUnixNano: _start,
          endTimeUnixNano: _end,
          ...span
        }) => ({
          ...span,
          parent: names.get(parentSpanId ?? '') ?? parentSpanId,
          attributes: Object.fromEntries(
            span.attributes.map(({ key, value }) => [
              key,
              String(Object.values(value)[0]).replace(traceId, 'own'),
            ]),
          ),
        }),
      )
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    lines: lines.map((line) => ({
      ...line,
      time: '',
      durationMs: 0,
      traceId: line.traceId.length,
      requestId: line.requestId === line.traceId ? 'own' : line.requestId,
    })),
  }
}

const facts = {
  routeHost: '*.example.com',
  routePath: '/api/*',
  origin: { kind: 'Service', namespace: 'shop', name: 'web' },
  cluster: 'west',
}
const endpoint = { key: '[fd00::7]:8080', address: 'fd00::7', port: 8080, pod: 'web-1', node: 'n1' }
const bare = { key: '10.0.0.9:80', address: '10.0.0.9', port: 80, pod: undefined, node: undefined }

const answered: Play = (observer) => {
  const request = observer.request(start)
  request.routed(facts)
  request.attempt(bare).end(undefined, 'connect-refused')
  request.attempt(endpoint).end(404, undefined)
  request.end({ status: 404, error: undefined, bytesReceived: 1, bytesSent: 2 })
}

const reported: Play = (observer) => {
  const request = observer.request(start)
  request.routed({ ...facts, isReported: true })
  request.end({ status: 200, error: undefined, bytesReceived: 1, bytesSent: 2 })
}

const plainly =
  (change: Partial<RequestStart>, end: Partial<RequestEnd>): Play =>
  (observer) =>
    observer
      .request({ ...start, ...change })
      .end({ status: 200, error: undefined, bytesReceived: 0, bytesSent: 0, ...end })

const trusted = { isTrusted: true, traceparent: SAMPLED, tracestate: 'a=1,b=2', requestId: 'req-1' }

it.each<[string, Play]>([
  ['routed, retried and answered', answered],
  ['refused by NetworkPolicies that only report', reported],
  ['of a trusted peer', plainly(trusted, {})],
  ['of a trusted peer with a wrong trace', plainly({ ...trusted, traceparent: 'no', requestId: ' ' }, {})],
  ['with an unknown method', plainly({ method: 'BREW' }, { status: 405, error: 'method-refused' })],
  ['with neither host nor user agent', plainly({ host: '', userAgent: undefined }, { status: 500 })],
  [
    'with a query and much text',
    plainly({ path: `/${'x'.repeat(3000)}?secret`, host: 'h'.repeat(2000) }, {}),
  ],
  ['whose client left', plainly({}, { status: 0, error: 'client-closed' })],
  ['without endpoints', plainly({}, { status: 503, error: 'endpoints-none' })],
])('a request %s looks the same by the exporter of the SDK and without it', async (_, play) => {
  const [sdk, light] = [normalize(await observeWithSdk(play)), normalize(await observeLightly(play))]
  expect(light).toEqual(sdk)
  expect(light.spans.length).toBeGreaterThan(0)
})
