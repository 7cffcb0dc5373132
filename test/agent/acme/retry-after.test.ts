import { expect, test } from 'vitest'
import { OrderBudget } from '../../../src/agent/acme/order-budget.ts'
import { retryAfterMs } from '../../../src/agent/acme/retry-after.ts'

const NOW = Date.parse('2026-01-31T12:00:00Z')

test.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['Sat, 31 Jan 2026 12:01:30 GMT', 90_000],
  ['Sat, 31 Jan 2026 11:00:00 GMT', 0],
  ['soon', 0],
  ['-5', 0],
  ['', 0],
  [undefined, 0],
])('Retry-After %j is %d ms from now', (field, ms) => {
  expect(retryAfterMs(field, NOW)).toBe(ms)
})

const HOUR_MS = 3_600_000

test('a namespace uses up its own share of the orders, and leaves the others theirs', () => {
  let now = 0
  const budget = new OrderBudget({ elapsed: () => now })
  for (let i = 0; i < 20; i++) expect(budget.take('mallory')).toBe(0)
  expect(budget.take('mallory')).toBe(HOUR_MS)
  for (const namespace of ['shop', 'blog']) {
    now += 1000
    for (let i = 0; i < 20; i++) expect(budget.take(namespace)).toBe(0)
  }
  // Sixty in all: the first of them has to grow an hour old.
  expect(budget.take('other')).toBe(HOUR_MS - 2000)
  now = HOUR_MS
  expect(budget.take('other')).toBe(0)
  expect(budget.take('mallory')).toBe(0)
  expect(budget.take('shop')).toBe(1000)
})
