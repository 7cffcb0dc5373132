import { expect, test } from 'vitest'
import { Freshness } from '../../src/gateway/freshness.ts'
import { watchFreshness } from '../../src/gateway/freshness-watch.ts'
import { ManualTime } from '../support/manual-time.ts'

function watched(maxStaleMs: number) {
  const time = new ManualTime()
  const freshness = new Freshness(time.clock, maxStaleMs)
  const told: string[] = []
  const watch = watchFreshness(freshness, time.timers, ({ message }) => told.push(message))
  return { time, freshness, told, watch }
}

test('each turn for the worse is told once, and the return', () => {
  const { time, freshness, told, watch } = watched(120_000)
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5_000) time.pass(5_000)
  }
  pass(300_000)
  expect(told).toEqual([])
  freshness.observed(time.clock.now())
  pass(60_000)
  expect(told).toEqual([])
  pass(5_000)
  const old =
    'The cluster was last observed 65 s ago: past 120 s (--max-stale) Pods are not reached by their addresses any more'
  expect(told).toEqual([old])
  pass(60_000)
  const stale =
    'The cluster was last observed 125 s ago: Services are reached by nodes, and those that are reached by Pods answer 503 unless these prove their identity over TLS'
  expect(told).toEqual([old, stale])
  freshness.observed(time.clock.now())
  pass(10_000)
  expect(told).toEqual([old, stale, 'The cluster is observed again'])
  watch.stop()
  pass(300_000)
  expect(told).toHaveLength(3)
})

test('where the rule is off, the age is told all the same', () => {
  const { time, freshness, told } = watched(0)
  freshness.observed(time.clock.now() - 61_000)
  time.pass(5_000)
  expect(told).toEqual(['The cluster was last observed 66 s ago: requests go on'])
})
