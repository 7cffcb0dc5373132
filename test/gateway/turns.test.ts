import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Turns, type TurnsOptions } from '../../src/gateway/turns.ts'
import { ManualTime } from '../support/manual-time.ts'

/** Work that ends when it is told to, in the order in which it began. */
function bench(options: Partial<TurnsOptions> = {}) {
  const time = new ManualTime()
  const turns = new Turns({
    clock: time.clock,
    ...{ atOnce: 2, atOnceEach: 1, waiting: 10, waitingEach: 4, maxMs: 1_000 },
    ...options,
  })
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const outcomes = new Map<string, string>()
  const ask = (party: string, name: string) => {
    const work = () => {
      begun.push(name)
      return new Promise<string>((resolve) => ends.set(name, () => resolve('done')))
    }
    return turns.run(party, work).then((outcome) => void outcomes.set(name, outcome))
  }
  const end = async (name: string) => {
    ends.get(name)?.()
    await settle()
  }
  return { time, begun, outcomes, ask, end }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

test('who comes later with little does not wait for all of another', async () => {
  const { begun, ask, end } = bench({ atOnce: 1 })
  for (const name of ['a1', 'a2', 'a3']) void ask('a', name)
  void ask('b', 'b1')
  await settle()
  await end('a1')
  await end('a2')
  expect(begun).toEqual(['a1', 'a2', 'b1'])
})

test('one party never has more under way than its share, though there is room', async () => {
  const { begun, ask, end } = bench()
  void ask('a', 'a1')
  void ask('a', 'a2')
  void ask('b', 'b1')
  await settle()
  expect(begun).toEqual(['a1', 'b1'])
  await end('b1')
  expect(begun).toEqual(['a1', 'b1'])
  await end('a1')
  expect(begun).toEqual(['a1', 'b1', 'a2'])
})

test('who asks for too much is told at once, and nobody else', async () => {
  const { outcomes, ask, begun } = bench({ atOnce: 1 })
  for (let i = 0; i < 8; i++) void ask('a', `a${i}`)
  void ask('b', 'b0')
  await settle()
  expect([...outcomes]).toEqual(['a5', 'a6', 'a7'].map((name) => [name, 'busy']))
  expect(begun).toEqual(['a0'])
})

test('where nobody may wait a full house is busy', async () => {
  const { outcomes, ask } = bench({ waiting: 0, atOnceEach: 2 })
  for (let i = 0; i < 3; i++) void ask('a', `a${i}`)
  await settle()
  expect([...outcomes]).toEqual([['a2', 'busy']])
})

test('work that was cut off gives its place back in the end', async () => {
  const { time, begun, ask } = bench({ waiting: 0 })
  void ask('a', 'lost')
  time.pass(1_001)
  void ask('a', 'next')
  await settle()
  expect(begun).toEqual(['lost', 'next'])
})

test('work that fails gives its place back', async () => {
  const turns = new Turns({
    clock: new ManualTime().clock,
    ...{ atOnce: 1, atOnceEach: 1, waiting: 0, waitingEach: 0, maxMs: 1_000 },
  })
  await expect(turns.run('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await turns.run('a', async () => 'done')).toBe('done')
})

test('however work comes and ends, the bounds hold, and all of it ends', async () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(steps, async (some) => {
      const { begun, outcomes, ask, end } = bench({ atOnce: 3, atOnceEach: 2 })
      const all: Promise<void>[] = []
      for (const [index, [party, isAsk]] of some.entries()) {
        if (isAsk) all.push(ask(party, `${party}${index}`))
        const running = begun.filter((name) => !outcomes.has(name))
        if (!isAsk && running[0] !== undefined) await end(running[0])
        await settle()
        const under = begun.filter((name) => !outcomes.has(name))
        expect(under.length).toBeLessThanOrEqual(3)
        for (const one of 'abc')
          expect(under.filter((name) => name.startsWith(one)).length).toBeLessThanOrEqual(2)
      }
      for (let i = 0; i < begun.length; i++) await end(begun[i] ?? '')
      await Promise.all(all)
    }),
    { numRuns: 100 },
  )
})
