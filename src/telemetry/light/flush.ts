import * as v from 'valibot'
import type { Timers } from '../../model/clock.ts'
import { encodeExport, encodeSpan, type SpanOrigin } from './otlp-json.ts'
import type { SpanBuffer } from './span-buffer.ts'

export interface Collector extends SpanOrigin {
  /** Base URL of OTLP/HTTP, for example `https://otel.example.com`; `/v1/traces` is added. */
  readonly endpoint: string
  /** For example an API key. Never sent elsewhere: redirects are not followed. */
  readonly headers: Readonly<Record<string, string>>
  /** For a whole flush. */
  readonly timeoutMs: number
  readonly timers: Timers
}

/** The part of `fetch` that a flush needs; a binding's fetch is one too. */
export type FetchCollector = (url: string, init: RequestInit) => Promise<Response>

/** One POST, about 100 KB; never more than 2 million characters. */
const MAX_BATCH_SPANS = 128
const MAX_SPAN_CHARS = 16_384
/** A flush does not go on for as long as others add spans. */
const MAX_BATCHES = 16
const MAX_ANSWER_BYTES = 65_536

const answerSchema = v.object({
  partialSuccess: v.nullish(
    v.object({
      // int64: text in canonical JSON, a number from lax collectors.
      rejectedSpans: v.nullish(v.union([v.pipe(v.string(), v.digits(), v.transform(Number)), v.number()]), 0),
      errorMessage: v.nullish(v.string(), ''),
    }),
  ),
})

/**
 * Sends what waits in the buffer. What a collector refuses, or does not acknowledge in time, is lost and counted; after
 * that the rest waits for the next flush. Flushes may overlap: each takes spans of its own. Never rejects.
 */
export async function flushSpans(
  spans: SpanBuffer,
  collector: Collector,
  fetch: FetchCollector,
): Promise<void> {
  const { timers, timeoutMs } = collector
  const limit = new AbortController()
  const timer = timers.start(timeoutMs, () => limit.abort(new Error(`No answer within ${timeoutMs} ms`)))
  let batches = 0
  while (spans.counts.waiting > 0 && !limit.signal.aborted && batches++ < MAX_BATCHES) {
    if (!(await sendBatch(spans, collector, fetch, limit.signal))) break
  }
  timer.cancel()
}

/** @returns whether the collector took it, at least in part */
async function sendBatch(
  spans: SpanBuffer,
  collector: Collector,
  fetch: FetchCollector,
  signal: AbortSignal,
): Promise<boolean> {
  const taken = spans.take(MAX_BATCH_SPANS).map(encodeSpan)
  const batch = taken.filter((text) => text.length <= MAX_SPAN_CHARS)
  spans.countDropped(taken.length - batch.length)
  if (batch.length === 0) return true
  try {
    const { rejected, reason } = await within(
      signal,
      post(encodeExport(batch, collector), collector, fetch, signal),
    )
    const lost = Math.min(Math.max(0, Math.trunc(rejected)), batch.length)
    spans.countSent(batch.length - lost)
    if (lost > 0) spans.countFailed(lost, `The collector rejected spans: ${reason}`)
    return true
  } catch (error) {
    spans.countFailed(batch.length, error instanceof Error ? error.message : String(error))
    return false
  }
}

interface Answer {
  readonly rejected: number
  readonly reason: string
}

async function post(
  body: string,
  { endpoint, headers }: Collector,
  fetch: FetchCollector,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await fetch(`${endpoint.replace(/\/+$/, '')}/v1/traces`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
    redirect: 'manual',
    signal,
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`The collector answered ${response.status}`)
  }
  return readAnswer(await readText(response))
}

/** What cannot be read says nothing against the spans: the status took them. */
function readAnswer(text: string): Answer {
  const { success, output } = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), text)
  const partial = success ? output.partialSuccess : undefined
  return { rejected: partial?.rejectedSpans ?? 0, reason: partial?.errorMessage ?? '' }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) break
    text += decoder.decode(chunk, { stream: true })
  }
  return text
}

/** For a `fetch` that does not heed its signal. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
