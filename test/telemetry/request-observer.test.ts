import { describe, expect, it } from 'vitest'
import type { AccessLogEntry } from '../../src/telemetry/access-log.ts'
import { SpanBuffer } from '../../src/telemetry/light/span-buffer.ts'
import { createObserver } from '../../src/telemetry/request-observer.ts'
import { PARENT_ID, SAMPLED, start, TRACE_ID } from './start.ts'

const endpoint = { key: '[fd00::7]:8080', address: 'fd00::7', port: 8080, pod: 'web-1', node: 'n1' }
const ok = { status: 200, error: undefined, bytesReceived: 120, bytesSent: 340 }
const UNSAMPLED = SAMPLED.replace(/01$/, '00')

function observe(traceRatio = 1, random = () => 0.5) {
  const spans = new SpanBuffer(100)
  const lines: AccessLogEntry[] = []
  let elapsed = 0
  const observer = createObserver({
    clock: { now: () => Date.UTC(2026, 1, 28, 23, 59, 59, 7), elapsed: () => (elapsed += 12.5) },
    random,
    traceRatio,
    accessLog: (line) => lines.push(line),
    spans,
    counts: undefined,
  })
  return { observer, spans, lines }
}

describe('sampling', () => {
  it.each([
    ['a trusted peer that samples', SAMPLED, true, 0, true],
    ['a trusted peer that does not', UNSAMPLED, true, 1, false],
    ['a stranger that samples', SAMPLED, false, 0, false],
    ['a stranger that does not', UNSAMPLED, false, 1, true],
    ['nobody, and a ratio of 0', undefined, true, 0, false],
    ['nobody, and a ratio of 1', undefined, false, 1, true],
    ['nobody, and a draw below the ratio', undefined, false, 0.6, true],
    ['nobody, and a draw at the ratio', undefined, false, 0.5, false],
  ])('by %s', (_, traceparent, isTrusted, ratio, isSampled) => {
    const { observer, spans } = observe(ratio)
    const request = observer.request({ ...start, traceparent, isTrusted })
    const attempt = request.attempt(endpoint)
    attempt.end(200, undefined)
    request.end(ok)
    expect(spans.counts.waiting).toBe(isSampled ? 2 : 0)
    expect(attempt.headers[1]?.slice(-2)).toBe(isSampled ? '01' : '00')
  })
})

it('the trace goes on from the caller to the endpoint', () => {
  const { observer, spans } = observe()
  const request = observer.request({ ...start, isTrusted: true, traceparent: SAMPLED, tracestate: 'a=1' })
  const attempt = request.attempt(endpoint)
  attempt.end(200, undefined)
  request.end(ok)
  const [client, server] = spans.take(2)
  expect(server).toMatchObject({ traceId: TRACE_ID, parentSpanId: PARENT_ID, hasRemoteParent: true })
  expect(client).toMatchObject({ traceId: TRACE_ID, parentSpanId: server?.spanId, hasRemoteParent: false })
  expect(attempt.headers).toEqual([
    ...['traceparent', `00-${TRACE_ID}-${client?.spanId}-01`],
    ...['tracestate', 'a=1'],
  ])
})

it('ids are never all zeros, which would be no ids', () => {
  const { observer } = observe(1, () => 0)
  const request = observer.request(start)
  expect(request.requestId).toBe(`${'0'.repeat(31)}1`)
  expect(request.attempt(endpoint).headers[1]).toBe(`00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-01`)
})

it('times are by the clock that never goes back', () => {
  const { observer, spans } = observe()
  observer.request(start).end(ok)
  const [server] = spans.take(1)
  expect(server?.startMs).toBe(Date.UTC(2026, 1, 28, 23, 59, 59, 7))
  expect((server?.endMs ?? 0) - (server?.startMs ?? 0)).toBe(12.5)
})

it('an end counts once', () => {
  const { observer, spans, lines } = observe()
  const request = observer.request(start)
  const attempt = request.attempt(endpoint)
  for (let i = 0; i < 2; i++) attempt.end(200, undefined)
  for (let i = 0; i < 2; i++) request.end(ok)
  expect([spans.counts.waiting, lines.length]).toEqual([2, 1])
})
