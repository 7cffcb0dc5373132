import type { AttemptFailure } from '../forward/attempt.ts'
import type { AttemptErrorCode } from '../model/errors.ts'

export const MAX_ATTEMPTS = 3

/** RFC 9110 §9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method)
}

/** Failures of the client's side, or of the platform's: no other endpoint would make them good. */
const HOPELESS: ReadonlySet<AttemptErrorCode> = new Set<AttemptErrorCode>([
  'client-closed',
  'request-invalid',
  'request-timeout',
  'platform-unsupported',
])

export interface RetryFacts {
  readonly failure: AttemptFailure
  readonly method: string
  /** No byte of the body has been read: it can be sent again. */
  readonly isReplayable: boolean
  readonly attempts: number
  readonly hasBudget: boolean
}

/**
 * Whether a failed attempt may be tried at another endpoint: no byte of the request was written, or the method is
 * idempotent and the body replayable. The time left is the caller's: its deadline ends the request.
 */
export function mayRetry({ failure, method, isReplayable, attempts, hasBudget }: RetryFacts): boolean {
  if (attempts >= MAX_ATTEMPTS || !hasBudget || !isReplayable) return false
  if (HOPELESS.has(failure.code)) return false
  if (failure.code === 'response-timeout' || failure.code === 'response-incomplete') return false
  return !failure.wasSent || isIdempotent(method)
}
