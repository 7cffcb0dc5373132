import { expect, test } from 'vitest'
import { mayRetry, type RetryFacts } from '../../src/gateway/retry.ts'
import type { AttemptErrorCode } from '../../src/model/errors.ts'

const facts = (code: AttemptErrorCode): RetryFacts => ({
  failure: { code, wasSent: false, cause: undefined },
  method: 'GET',
  isReplayable: true,
  attempts: 1,
  hasBudget: true,
})

test('what the client did wrong is not tried at another endpoint', () => {
  for (const code of ['client-closed', 'request-invalid', 'request-timeout'] as const) {
    expect(mayRetry(facts(code)), code).toBe(false)
  }
  expect(mayRetry(facts('connect-refused'))).toBe(true)
})
