import type { Attributes } from '@opentelemetry/api'

/** A span that has ended, as plain data: it may outlive the request that made it. Times are ms since the epoch. */
export interface FinishedSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly hasRemoteParent: boolean
  readonly traceState: string | undefined
  readonly name: string
  readonly kind: 'server' | 'client'
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
  readonly isError: boolean
}

/** Takes spans that are to be kept. Never throws, never waits. */
export interface SpanSink {
  add(span: FinishedSpan): void
}
