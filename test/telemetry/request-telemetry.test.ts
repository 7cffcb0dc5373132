import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { describe, expect, it } from 'vitest'
import type { AccessLogEntry } from '../../src/telemetry/access-log.ts'
import { SpanBuffer } from '../../src/telemetry/light/span-buffer.ts'
import { RequestCounts } from '../../src/telemetry/request-counts.ts'
import { createObserver } from '../../src/telemetry/request-observer.ts'
import { PullReader, produceRequestMetrics } from '../../workers/node/request-metrics.ts'
import { PARENT_ID, SAMPLED, start, TRACE_ID } from './start.ts'

const facts = {
  routeHost: '*.example.com',
  routePath: '/api/*',
  origin: { kind: 'Service', namespace: 'shop', name: 'web' },
  cluster: undefined,
}
const endpoint = { key: '[fd00::7]:8080', address: 'fd00::7', port: 8080, pod: 'web-1', node: 'n1' }
const ended = {
  method: 'GET',
  scheme: 'http',
  httpVersion: '1.1',
  route: undefined,
  status: 200,
  error: undefined,
  durationMs: 1,
}
const ok = { status: 200, error: undefined, bytesReceived: 120, bytesSent: 340 }

function observe(traceRatio = 1) {
  const buffer = new SpanBuffer(100)
  const counts = new RequestCounts()
  const lines: AccessLogEntry[] = []
  let elapsed = 0
  const clock = { now: () => Date.UTC(2026, 1, 28, 23, 59, 59, 7), elapsed: () => (elapsed += 12.5) }
  const reader = new PullReader({ metricProducers: [produceRequestMetrics(counts, { name: 'test' }, clock)] })
  new MeterProvider({ readers: [reader] })
  const accessLog = (line: AccessLogEntry) => lines.push(line)
  const observer = createObserver({ clock, random: () => 0.5, traceRatio, accessLog, spans: buffer, counts })
  const points = async () => {
    const { resourceMetrics } = await reader.collect()
    const found = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
    return new Map(found.map((data) => [data.descriptor.name, data.dataPoints]))
  }
  return { observer, spans: () => buffer.take(100), points, lines }
}

const headersOf = (flat: readonly string[]) =>
  Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])))

describe('trace context', () => {
  it('continues the parent of a trusted peer', async () => {
    const { observer, spans } = observe(0)
    const request = observer.request({ ...start, isTrusted: true, traceparent: SAMPLED, tracestate: 'a=1' })
    const attempt = request.attempt(endpoint)
    attempt.end(200, undefined)
    request.end(ok)
    const [client, server] = spans()
    expect(server?.parentSpanId).toBe(PARENT_ID)
    expect(server?.traceId).toBe(TRACE_ID)
    expect(headersOf(attempt.headers)).toEqual({
      traceparent: `00-${TRACE_ID}-${client?.spanId}-01`,
      tracestate: 'a=1',
    })
  })

  it('lets no stranger force sampling, but keeps the trace id', async () => {
    const { observer, spans } = observe(0)
    const request = observer.request({ ...start, traceparent: SAMPLED })
    const attempt = request.attempt(endpoint)
    expect(attempt.headers[1]).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`))
    attempt.end(200, undefined)
    request.end(ok)
    expect(spans()).toEqual([])
  })

  it.each([
    ['upper case', SAMPLED.toUpperCase()],
    ['an all-zero trace id', `00-${'0'.repeat(32)}-${PARENT_ID}-01`],
    ['an all-zero span id', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['version ff', `ff${SAMPLED.slice(2)}`],
    ['a tail on version 00', `${SAMPLED}-x`],
    ['two values', `${SAMPLED}, ${SAMPLED}`],
    ['surrounding space', ` ${SAMPLED}`],
    ['a line feed at the end', `${SAMPLED}\n`],
  ])('begins a new trace on %s', (_, traceparent) => {
    const request = observe().observer.request({ ...start, isTrusted: true, traceparent, tracestate: 'a=1' })
    expect(request.requestId).toMatch(/^[0-9a-f]{32}$/)
    expect(request.requestId).not.toBe(TRACE_ID)
    expect(headersOf(request.attempt(endpoint).headers)).not.toHaveProperty('tracestate')
  })
})

describe('request id', () => {
  it('is the trace id, or a valid one of a trusted peer', () => {
    const { observer } = observe()
    const idOf = (requestId: string, isTrusted: boolean) =>
      observer.request({ ...start, traceparent: SAMPLED, requestId, isTrusted }).requestId
    expect(idOf('req-1.a_B', true)).toBe('req-1.a_B')
    expect(idOf('req-1.a_B', false)).toBe(TRACE_ID)
    expect(idOf('has space', true)).toBe(TRACE_ID)
    expect(idOf('x'.repeat(129), true)).toBe(TRACE_ID)
  })
})

describe('spans', () => {
  it('describe the request and each attempt', async () => {
    const { observer, spans } = observe()
    const request = observer.request(start)
    request.routed(facts)
    request.attempt(endpoint).end(undefined, 'connect-refused')
    request.attempt(endpoint).end(200, undefined)
    request.end(ok)
    const [first, second, server] = spans()
    expect([first?.kind, second?.kind, server?.kind]).toEqual(['client', 'client', 'server'])
    expect(first?.attributes).not.toHaveProperty('http.request.resend_count')
    expect(first?.attributes).toMatchObject({ 'error.type': 'connect-refused', 'server.port': 8080 })
    expect(first?.isError).toBe(true)
    expect(second?.attributes).toMatchObject({ 'http.request.resend_count': 1, 'k8s.pod.name': 'web-1' })
    expect(server?.name).toBe('GET /api/*')
    expect(server?.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/api/*',
      'url.path': '/api/carts/7',
      'k8s.namespace.name': 'shop',
    })
    expect(server?.isError).toBe(false)
  })

  it('say whom NetworkPolicies would have refused, as the access log does', async () => {
    const { observer, spans, lines } = observe()
    for (const reported of [{ ...facts, isReported: true } as const, facts]) {
      const request = observer.request(start)
      request.routed(reported)
      request.end(ok)
    }
    const [refused, admitted] = await spans()
    expect(refused?.attributes).toMatchObject({ 'postern.network_policy.reported': true })
    expect(admitted?.attributes).not.toHaveProperty('postern.network_policy.reported')
    expect(lines.map(({ networkPolicy }) => networkPolicy)).toEqual(['refused', undefined])
  })

  it('name a method that nobody knows _OTHER', async () => {
    const { observer, spans } = observe()
    observer.request({ ...start, method: 'BREW' }).end({ ...ok, status: 405, error: 'method-refused' })
    const [server] = spans()
    expect(server?.name).toBe('HTTP')
    expect(server?.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'BREW',
    })
  })

  it.each([
    [404, 'host-unknown', false],
    [0, 'client-closed', false],
    [404, undefined, false],
    [500, undefined, true],
    [503, 'endpoints-none', true],
    [200, 'response-incomplete', true],
  ] as const)('of status %s and error %s are a fault of ours: %s', async (status, error, isError) => {
    const { observer, spans } = observe()
    observer.request(start).end({ ...ok, status, error })
    expect(spans()[0]?.isError).toBe(isError)
  })
})

describe('access log', () => {
  it('tells the whole story in one line', () => {
    const { observer, lines } = observe(0)
    const request = observer.request({ ...start, traceparent: SAMPLED })
    request.routed(facts)
    request.attempt(endpoint).end(200, undefined)
    request.end(ok)
    request.end(ok)
    expect(lines).toEqual([
      {
        time: '2026-02-28T23:59:59.007Z',
        requestId: TRACE_ID,
        traceId: TRACE_ID,
        client: '203.0.113.9',
        peer: '10.0.0.1',
        method: 'GET',
        scheme: 'https',
        host: 'shop.example.com',
        path: '/api/carts/7',
        protocol: 'HTTP/1.1',
        status: 200,
        error: undefined,
        durationMs: 12.5,
        bytesReceived: 120,
        bytesSent: 340,
        route: '/api/*',
        service: 'shop/web',
        endpoint: '[fd00::7]:8080',
        pod: 'web-1',
        attempts: 1,
        userAgent: 'curl/8',
      },
    ])
  })

  it('names the cluster where several are served, as spans and metrics do', async () => {
    const { observer, lines, spans, points } = observe()
    const request = observer.request(start)
    request.routed({ ...facts, cluster: 'west' })
    request.attempt(endpoint).end(200, undefined)
    request.end(ok)
    expect(lines[0]?.cluster).toBe('west')
    expect(spans().at(-1)?.attributes).toMatchObject({ 'k8s.cluster.name': 'west' })
    const found = await points()
    for (const name of ['http.server.request.duration', 'postern.attempts']) {
      expect(found.get(name)?.[0]?.attributes).toMatchObject({ 'k8s.cluster.name': 'west' })
    }
  })

  it('never holds the query, nor do spans and metrics', async () => {
    const { observer, lines, spans, points } = observe()
    observer.request({ ...start, path: '/login?token=hunter2' }).end(ok)
    expect(lines[0]?.path).toBe('/login')
    const attributes = [
      spans()[0]?.attributes,
      ...[...(await points()).values()].flat().map((p) => p.attributes),
    ]
    expect(JSON.stringify(attributes)).not.toContain('hunter2')
  })

  it('bounds what a client wrote', () => {
    const { observer, lines } = observe()
    const long = 'x'.repeat(5000)
    observer.request({ ...start, host: long, path: `/${long}`, userAgent: long, method: long }).end(ok)
    const { host, path, userAgent, method } = lines[0] ?? {}
    expect([host, path, userAgent, method].map((value) => value?.length)).toEqual([1024, 1024, 1024, 1024])
  })
})

describe('metrics', () => {
  it('count requests and attempts with few attributes', async () => {
    const { observer, points } = observe()
    const request = observer.request(start)
    request.routed(facts)
    request.attempt(endpoint).end(undefined, 'connect-timeout')
    observer.request(start)
    request.end({ ...ok, status: 504, error: 'connect-timeout' })
    const found = await points()
    expect(found.get('http.server.active_requests')?.map((p) => p.value)).toEqual([1])
    expect(found.get('http.server.request.duration')?.[0]?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.scheme': 'https',
      'network.protocol.version': '1.1',
      'http.route': '/api/*',
      'k8s.namespace.name': 'shop',
      'k8s.service.name': 'web',
      'http.response.status_code': 504,
      'error.type': 'connect-timeout',
    })
    expect(found.get('postern.attempts')?.[0]).toMatchObject({
      value: 1,
      attributes: { 'k8s.service.name': 'web', 'postern.attempt.outcome': 'connect-timeout' },
    })
  })
  it('put durations where OpenTelemetry puts them: a bound belongs to its bucket', async () => {
    const counts = new RequestCounts()
    for (const durationMs of [5, 5.1, 10_000, 10_001]) counts.end({ ...ended, durationMs })
    const [point] = counts.durations
    expect(point).toMatchObject({ count: 4, min: 0.005, max: 10.001 })
    expect(point?.sum).toBeCloseTo(20.0111, 9)
    expect(point?.buckets).toEqual([1, 1, ...Array(11).fill(0), 1, 1])
  })

  it('are bounded: what is beyond is one point, by the name the conventions give it', () => {
    const counts = new RequestCounts()
    for (let status = 1; status <= 2100; status++) counts.end({ ...ended, status })
    const points = [...counts.durations]
    expect(points).toHaveLength(2001)
    expect(points.at(-1)).toMatchObject({ attributes: { 'otel.metric.overflow': true }, count: 100 })
  })
})
