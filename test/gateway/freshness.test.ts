import { describe, expect, test } from 'vitest'
import { Freshness } from '../../src/gateway/freshness.ts'

const HOUR = 3_600_000
const START = 1_700_000_000_000

/** Two clocks that a test moves: time goes on in both, and setting the clock changes one. */
function movable(startedAt = START) {
  let [wall, elapsed] = [startedAt, 5_000]
  return {
    clock: { now: () => wall, elapsed: () => elapsed },
    pass: (ms: number) => {
      wall += ms
      elapsed += ms
    },
    set: (ms: number) => {
      wall += ms
    },
    now: () => wall,
  }
}

const isStale = (freshness: Freshness) => freshness.staleness() !== undefined

describe('how long ago the cluster was observed', () => {
  test('is told by the head, and grows while none comes', () => {
    const { clock, pass } = movable()
    const freshness = new Freshness(clock, HOUR)
    expect([freshness.ageMs, isStale(freshness)]).toEqual([undefined, false])
    freshness.observed(START - 3_000)
    expect(freshness.ageMs).toBe(3_000)
    pass(HOUR - 3_000)
    expect([freshness.ageMs, isStale(freshness)]).toEqual([HOUR, false])
    pass(1)
    expect(freshness.staleness()).toEqual({ observedMsAgo: HOUR + 1, maxStaleMs: HOUR })
    freshness.observed(START + HOUR)
    expect(isStale(freshness)).toBe(false)
  })

  test('grows while heads come that repeat their moment: the agent is cut off from its cluster', () => {
    const { clock, pass } = movable()
    const freshness = new Freshness(clock, HOUR)
    freshness.observed(START)
    for (let i = 0; i < 7; i++) {
      pass(HOUR / 6)
      freshness.observed(START)
    }
    expect(isStale(freshness)).toBe(true)
  })

  test('never ends where the rule is off', () => {
    const { clock, pass } = movable()
    const freshness = new Freshness(clock, 0)
    freshness.observed(START)
    pass(1_000 * HOUR)
    expect([freshness.ageMs, isStale(freshness)]).toEqual([1_000 * HOUR, false])
  })
})

describe('a clock that is set', () => {
  test.each([2 * HOUR, -2 * HOUR])('by %i ms makes nothing stale while heads come', (jump) => {
    const { clock, pass, set } = movable()
    const freshness = new Freshness(clock, HOUR)
    let agent = START
    freshness.observed(agent)
    set(jump)
    expect(freshness.ageMs).toBe(0)
    for (let i = 0; i < 5; i++) {
      pass(10_000)
      agent += 10_000
      freshness.observed(agent)
      expect(freshness.ageMs).toBe(0)
    }
  })

  test.each([2 * HOUR, -2 * HOUR])('by %i ms keeps nothing fresh that is not', (jump) => {
    const { clock, pass, set } = movable()
    const freshness = new Freshness(clock, HOUR)
    freshness.observed(START)
    set(jump)
    pass(HOUR + 1)
    expect(freshness.ageMs).toBe(HOUR + 1)
  })

  test('was wrong when the gateway started, and is right now: heads are judged by what is right', () => {
    const { clock, pass, set, now } = movable(START + 5 * HOUR)
    const freshness = new Freshness(clock, HOUR)
    set(-5 * HOUR)
    pass(10_000)
    freshness.observed(now() - 1_000)
    expect(freshness.ageMs).toBe(1_000)
  })

  test('on the agent: a head of the future is of now, and ages', () => {
    const { clock, pass } = movable()
    const freshness = new Freshness(clock, HOUR)
    freshness.observed(START + 5 * HOUR)
    expect(freshness.ageMs).toBe(0)
    pass(HOUR + 1)
    expect(isStale(freshness)).toBe(true)
    // Set right again, it tells a moment that lies before the last one.
    freshness.observed(START + HOUR)
    expect(freshness.ageMs).toBe(1)
  })
})

describe('what an earlier process left', () => {
  test('is as old as the machine has counted, whatever the clock says', () => {
    const { clock, set } = movable()
    const freshness = new Freshness(clock, HOUR)
    set(9 * HOUR)
    freshness.restored(START - 1_000, 42_000)
    expect(freshness.ageMs).toBe(42_000)
  })

  test('is judged by the clock after the machine has started anew', () => {
    const freshness = new Freshness(movable().clock, HOUR)
    freshness.restored(START - 2 * HOUR, undefined)
    expect(freshness.staleness()).toEqual({ observedMsAgo: 2 * HOUR, maxStaleMs: HOUR })
  })

  test('of the future is stale, for nobody can tell how old it is, until the registry tells', () => {
    const freshness = new Freshness(movable().clock, HOUR)
    freshness.restored(START + HOUR, undefined)
    expect(freshness.staleness()).toEqual({ observedMsAgo: Number.POSITIVE_INFINITY, maxStaleMs: HOUR })
    freshness.observed(START + HOUR)
    expect(freshness.ageMs).toBe(0)
  })
})
