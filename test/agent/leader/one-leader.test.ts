import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ElectionModel, type Step } from './election-model.ts'

const who = fc.nat({ max: 2 })
const which = fc.nat({ max: 3 })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      ms: fc.constantFrom(500, 2_000, 5_000, 11_000),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('turn' as const, 'take' as const), who }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('read' as const, 'bid' as const), who }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom('arrive' as const, 'arrive' as const, 'answer' as const, 'lose' as const),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('tell' as const), who, which }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('resign' as const, 'restart' as const), who }) },
)

/** Their speeds differ by less than the deadline and the duration do. */
const clock = fc.record({
  offset: fc.integer({ min: -1e9, max: 1e9 }),
  speed: fc.double({ min: 0.8, max: 1.25, noNaN: true }),
})

test('whatever is delayed, lost, stopped and started, no two lead at once, and epochs only rise', () => {
  let handOvers = 0
  fc.assert(
    fc.property(
      fc.tuple(clock, clock, clock),
      fc.array(step, { minLength: 20, maxLength: 80 }),
      (clocks, steps) => {
        const model = new ElectionModel(clocks)
        for (const each of steps) {
          model.step(each)
          expect(model.leading.length).toBeLessThanOrEqual(1)
        }
        expect(model.epochs).toEqual([...new Set(model.epochs)].sort((a, b) => a - b))
        handOvers += Math.max(0, model.leaders.length - 1)
      },
    ),
    { numRuns: 3_000 },
  )
  // Else nothing was shown.
  expect(handOvers).toBeGreaterThan(100)
})
