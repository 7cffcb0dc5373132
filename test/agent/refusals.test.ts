import { expect, test } from 'vitest'
import { Refusals } from '../../src/agent/events/refusals.ts'

const HOUR_MS = 3_600_000

test('one refusal is of one object; two in a row are of the namespace, and of no other', () => {
  const refusals = new Refusals(HOUR_MS)
  refusals.refuse('shop', 10)
  expect(refusals.allowedAt('shop')).toBe(0)
  refusals.refuse('shop', 20)
  expect(refusals.allowedAt('shop')).toBe(20 + HOUR_MS)
  expect(refusals.allowedAt('blog')).toBe(0)
})

test('an Event that is taken in between allows the namespace again', () => {
  const refusals = new Refusals(HOUR_MS)
  refusals.refuse('shop', 10)
  refusals.allow('shop')
  refusals.refuse('shop', 20)
  expect(refusals.allowedAt('shop')).toBe(0)
})

test('a namespace that is refused again when its time has come waits as long again', () => {
  const refusals = new Refusals(HOUR_MS)
  refusals.refuse('shop', 10)
  refusals.refuse('shop', 20)
  refusals.refuse('shop', 20 + HOUR_MS)
  expect(refusals.allowedAt('shop')).toBe(20 + 2 * HOUR_MS)
})
