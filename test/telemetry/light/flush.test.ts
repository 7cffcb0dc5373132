import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { flushSpans } from '../../../src/telemetry/light/flush.ts'
import { PARENT_ID, TRACE_ID } from '../start.ts'
import { startCollector } from './collector.ts'
import { bufferOf, collectorAt, span } from './spans.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function collector(answer?: (response: ServerResponse) => void) {
  const started = await startCollector(answer)
  closers.push(started.close)
  return started
}

describe('a flush', () => {
  it('sends spans as OTLP/JSON, with the headers that were asked for', async () => {
    const { endpoint, received } = await collector()
    const spans = bufferOf(1)
    await flushSpans(spans, collectorAt(`${endpoint}/`), fetch)
    expect(received).toMatchObject([
      { url: '/v1/traces', headers: { 'content-type': 'application/json', 'x-api-key': 'secret' } },
    ])
    expect(JSON.parse(received[0]?.text ?? '')).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }] },
          scopeSpans: [
            {
              scope: { name: 'postern', version: '1.2.3' },
              spans: [
                {
                  traceId: TRACE_ID,
                  spanId: '00f067aa0ba902b7',
                  parentSpanId: PARENT_ID,
                  traceState: 'a=1',
                  flags: 0x301,
                  name: 'GET /api/*',
                  kind: 2,
                  startTimeUnixNano: '1772323199007000000',
                  endTimeUnixNano: '1772323199019500000',
                  attributes: [
                    { key: 'url.path', value: { stringValue: '/api/carts/7' } },
                    { key: 'server.port', value: { intValue: '8080' } },
                    { key: 'share', value: { doubleValue: 0.5 } },
                    { key: 'is.it', value: { boolValue: true } },
                  ],
                  status: { code: 2 },
                },
              ],
            },
          ],
        },
      ],
    })
    expect(spans.counts).toEqual({ waiting: 0, sent: 1, dropped: 0, failed: 0, lastFailure: undefined })
  })

  it('sends many in several requests, and nothing when there is nothing', async () => {
    const { endpoint, received } = await collector()
    const spans = bufferOf(300)
    await flushSpans(spans, collectorAt(endpoint), fetch)
    expect(received).toHaveLength(3)
    expect(spans.counts).toMatchObject({ waiting: 0, sent: 300 })
    await flushSpans(spans, collectorAt(endpoint), fetch)
    expect(received).toHaveLength(3)
  })

  it('ends although others go on adding', async () => {
    const spans = bufferOf(1)
    const { endpoint, received } = await collector((response) => {
      spans.add(span)
      response.end('{}')
    })
    await flushSpans(spans, collectorAt(endpoint), fetch)
    expect(received).toHaveLength(16)
  })

  it('beside another shares the work, and no span goes out twice', async () => {
    const { endpoint, received } = await collector()
    const spans = bufferOf(256)
    const flush = () => flushSpans(spans, collectorAt(endpoint), fetch)
    await Promise.all([flush(), flush()])
    expect(received).toHaveLength(2)
    expect(spans.counts).toMatchObject({ waiting: 0, sent: 256 })
  })
})
