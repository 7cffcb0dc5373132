import fc from 'fast-check'
import { expect, test } from 'vitest'
import { intervalMs, left, nextTat, type Pace, waitMs } from '../../src/limits/gcra.ts'

const paces = fc.record({
  count: fc.integer({ min: 1, max: 1000 }),
  periodMs: fc.constantFrom(1_000, 60_000, 3_600_000, 86_400_000),
  burst: fc.integer({ min: 1, max: 100 }),
})

/** The times of arrival that are admitted. */
function admitted(pace: Pace, arrivals: readonly number[]): number[] {
  let tat = 0
  return arrivals.filter((now) => {
    if (waitMs(pace, tat, now) > 0) return false
    tat = nextTat(pace, tat, now)
    return true
  })
}

test('in no span of time more are admitted than a burst and what the rate makes of it', () => {
  const gaps = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { maxLength: 300 })
  fc.assert(
    fc.property(paces, gaps, (pace, spaces) => {
      let now = 1_000
      const times = admitted(
        pace,
        spaces.map((gap) => {
          now += gap
          return now
        }),
      )
      for (const [i, from] of times.entries()) {
        for (const [j, to] of times.entries()) {
          if (j < i) continue
          expect(j - i + 1).toBeLessThanOrEqual(pace.burst + (to - from) / intervalMs(pace) + 0.01)
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('after a quiet time a burst is admitted at once, then one for each interval', () => {
  fc.assert(
    fc.property(paces, fc.integer({ min: 0, max: 2 ** 33 }), (pace, start) => {
      const interval = intervalMs(pace)
      const atOnce = Array.from({ length: pace.burst + 5 }, () => start)
      expect(admitted(pace, atOnce)).toHaveLength(pace.burst)
      const steady = Array.from({ length: 50 }, (_, i) => start + (i + 1) * (interval + 0.01))
      expect(admitted(pace, [...atOnce, ...steady])).toHaveLength(pace.burst + 50)
    }),
  )
})

test('who waits as long as he is told is admitted, and a moment sooner he is not', () => {
  fc.assert(
    fc.property(paces, (pace) => {
      let tat = 0
      for (let i = 0; i < pace.burst; i++) tat = nextTat(pace, tat, 0)
      const wait = waitMs(pace, tat, 0)
      expect(wait).toBeGreaterThan(0)
      expect(waitMs(pace, tat, wait + 0.01)).toBe(0)
      expect(waitMs(pace, tat, wait - 0.01)).toBeGreaterThan(0)
    }),
  )
})

test('what is left is what would be admitted', () => {
  fc.assert(
    fc.property(paces, fc.integer({ min: 0, max: 100 }), (pace, taken) => {
      const count = Math.min(taken, pace.burst)
      let tat = 0
      for (let i = 0; i < count; i++) tat = nextTat(pace, tat, 0)
      expect(left(pace, tat, 0)).toBe(pace.burst - count)
    }),
  )
})
