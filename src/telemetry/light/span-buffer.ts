import { boundValue } from '../access-log.ts'
import type { FinishedSpan, SpanSink } from '../finished-span.ts'

/** What became of spans since the start. */
export interface SpanCounts {
  readonly waiting: number
  /** Taken by the collector. */
  readonly sent: number
  /** Lost before sending: the buffer was full, or the span too large. */
  readonly dropped: number
  /** Lost at sending: the collector refused them, or was not there. */
  readonly failed: number
  /** Why spans failed last. */
  readonly lastFailure: string | undefined
}

/** Finished spans that wait for a flush. When full, the newest is dropped: those before it may complete a trace. */
export class SpanBuffer implements SpanSink {
  readonly #capacity: number
  #spans: FinishedSpan[] = []
  #sent = 0
  #dropped = 0
  #failed = 0
  #lastFailure: string | undefined

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add(span: FinishedSpan): void {
    if (this.#spans.length < this.#capacity) this.#spans.push(span)
    else this.#dropped++
  }

  /** Takes the oldest out. Whoever takes them tells what became of them. */
  take(count: number): FinishedSpan[] {
    return this.#spans.splice(0, count)
  }

  countSent(count: number): void {
    this.#sent += count
  }

  countDropped(count: number): void {
    this.#dropped += count
  }

  countFailed(count: number, reason: string): void {
    this.#failed += count
    this.#lastFailure = boundValue(reason)
  }

  get counts(): SpanCounts {
    return {
      waiting: this.#spans.length,
      sent: this.#sent,
      dropped: this.#dropped,
      failed: this.#failed,
      lastFailure: this.#lastFailure,
    }
  }
}
