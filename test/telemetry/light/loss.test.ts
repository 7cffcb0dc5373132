import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { Timers } from '../../../src/model/clock.ts'
import { flushSpans } from '../../../src/telemetry/light/flush.ts'
import { SpanBuffer } from '../../../src/telemetry/light/span-buffer.ts'
import { startTcp } from '../../support/http.ts'
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

describe('what is lost is counted', () => {
  it('when the buffer is full', async () => {
    expect(bufferOf(5, 3).counts).toMatchObject({ waiting: 3, dropped: 2 })
  })

  it('when a span is too large to send', async () => {
    const { endpoint, received } = await collector()
    const spans = new SpanBuffer(10)
    spans.add({ ...span, name: 'x'.repeat(20_000) })
    spans.add(span)
    await flushSpans(spans, collectorAt(endpoint), fetch)
    expect(received).toHaveLength(1)
    expect(spans.counts).toMatchObject({ sent: 1, dropped: 1, failed: 0 })
  })

  it.each([
    ['in text', '"5"'],
    ['in numbers', '5'],
  ])('when the collector takes only a part, told %s', async (_, count) => {
    const { endpoint } = await collector((response) =>
      response.end(`{"partialSuccess":{"rejectedSpans":${count},"errorMessage":"too old"}}`),
    )
    const spans = bufferOf(8)
    await flushSpans(spans, collectorAt(endpoint), fetch)
    expect(spans.counts).toMatchObject({
      sent: 3,
      failed: 5,
      lastFailure: 'The collector rejected spans: too old',
    })
  })

  it.each([
    ['more than it got', '{"partialSuccess":{"rejectedSpans":"99"}}', 0],
    ['less than none', '{"partialSuccess":{"rejectedSpans":-3}}', 8],
    ['nonsense', '{"partialSuccess":{"rejectedSpans":"many"}}', 8],
    ['no JSON', '<html>', 8],
    ['nothing', '', 8],
    ['null', '{"partialSuccess":null}', 8],
    ['without end', 'x'.repeat(1_000_000), 8],
  ])('never beyond what was sent, when the collector rejects %s', async (_, text, sent) => {
    const { endpoint } = await collector((response) => response.end(text))
    const spans = bufferOf(8)
    await flushSpans(spans, collectorAt(endpoint), fetch)
    expect(spans.counts).toMatchObject({ sent, failed: 8 - sent })
  })

  it.each([400, 401, 429, 503])('when the collector answers %i, and the rest waits', async (status) => {
    const { endpoint, received } = await collector((response) => response.writeHead(status).end('no'))
    const spans = bufferOf(200)
    await flushSpans(spans, collectorAt(endpoint), fetch)
    expect(received).toHaveLength(1)
    expect(spans.counts).toEqual({
      waiting: 72,
      sent: 0,
      dropped: 0,
      failed: 128,
      lastFailure: `The collector answered ${status}`,
    })
  })

  it('when the collector points elsewhere, which never gets the key', async () => {
    const elsewhere = await collector()
    const { endpoint } = await collector((response) =>
      response.writeHead(307, { location: `${elsewhere.endpoint}/v1/traces` }).end(),
    )
    const spans = bufferOf(1)
    await flushSpans(spans, collectorAt(endpoint), fetch)
    expect(elsewhere.received).toEqual([])
    expect(spans.counts).toMatchObject({ sent: 0, failed: 1 })
  })

  it.each(['http://127.0.0.1:1', 'no URL'])('when there is no collector at %s', async (endpoint) => {
    const spans = bufferOf(1)
    await flushSpans(spans, collectorAt(endpoint), fetch)
    expect(spans.counts).toMatchObject({ sent: 0, failed: 1, lastFailure: expect.any(String) })
  })

  it('when the collector hangs, also where fetch does not heed its signal', async () => {
    let expire = () => {}
    const timers: Timers = {
      start: (_delayMs, fire) => {
        expire = fire
        return { restart: () => {}, cancel: () => {} }
      },
    }
    const server = await startTcp((socket) => socket.once('data', () => expire()))
    closers.push(server.close)
    const collectorOf = () => collectorAt(`http://127.0.0.1:${server.port}`, timers)
    const lastFailure = 'No answer within 10000 ms'
    const spans = bufferOf(1)
    await flushSpans(spans, collectorOf(), fetch)
    expect(spans.counts).toMatchObject({ waiting: 0, failed: 1, lastFailure })
    spans.add(span)
    await flushSpans(spans, collectorOf(), (url, { signal: _, ...init }) => fetch(url, init))
    expect(spans.counts).toMatchObject({ waiting: 0, failed: 2, lastFailure })
  })
})
