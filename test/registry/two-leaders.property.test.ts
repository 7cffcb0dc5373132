import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { comparePositions } from '../../src/model/position.ts'
import type { Epochs } from '../../src/registry/epochs.ts'
import { follow } from '../../src/registry/follow.ts'
import type { Head } from '../../src/registry/head.ts'
import type { StoredRecord } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { cluster, route } from '../contract/registry-samples.ts'
import { ModelRedis, nameOf, textOf } from '../support/model-redis.ts'
import { Turns } from '../support/turns.ts'

const leader = fc.constantFrom(0, 1)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('turn' as const),
      choices: fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 12 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      leader,
      key: fc.constantFrom('a', 'b', 'c'),
      text: fc.constantFrom(null, '1', '2'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('heartbeat' as const), leader }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('lose' as const), writes: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wipe' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deaf' as const) }) },
)

/** As the Lease sees to: no epoch is given twice. Both may write all the same: a leader that was paused does not know better. */
function unique(): Epochs {
  let last = 0
  return {
    holds: () => true,
    take: async (above) => {
      last = Math.max(last, above) + 1
      return last
    },
  }
}

/** A follower that holds every state it is given against what was published at that position. */
function watched(redis: ModelRedis, turns: Turns, signal: AbortSignal) {
  const table = new Map<string, StoredRecord>()
  const heads: Head[] = []
  const faults: string[] = []
  const look = (head: Head): void => {
    const wanted = redis.published.get(nameOf(head))
    if (wanted !== textOf(table.values())) faults.push(`not what was published at ${nameOf(head)}`)
    const last = heads.at(-1)
    const isBack = last !== undefined && comparePositions(head.position, last.position) < 0
    if (isBack && head.observedAt <= last.observedAt) faults.push(`back to ${nameOf(head)}`)
    heads.push(head)
  }
  const done = follow({
    reader: redis,
    signal,
    timers: turns.timers,
    random: () => 0.5,
    onLoad: (records, head) => {
      table.clear()
      for (const record of records) table.set(`${record.kind} ${record.key}`, record)
      look(head)
    },
    onChanges: (changes, head) => {
      for (const { kind, key, text } of changes) {
        if (text === null) table.delete(`${kind} ${key}`)
        else table.set(`${kind} ${key}`, { kind, key, text })
      }
      look(head)
    },
    onTrouble: () => {},
  })
  return { table, heads, faults, done }
}

test('two leaders, lost writes, wipes and cut streams: no follower holds what nobody published, and all meet in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
      const turns = new Turns()
      const redis = new ModelRedis(turns)
      const abort = new AbortController()
      let now = 1000
      const clock = { now: () => now, elapsed: () => now }
      const epochs = unique()
      const leaders = [0, 1].map(() => new Publisher({ writer: redis, cluster, clock, epochs }))
      const followers = [0, 1].map(() => watched(redis, turns, abort.signal))
      const writing: Promise<unknown>[] = []
      for (const each of steps) {
        now++
        if (each.do === 'turn') for (const choice of each.choices) await turns.take(choice)
        else if (each.do === 'lose') redis.loseWrites(each.writes)
        else if (each.do === 'wipe') redis.wipe()
        else if (each.do === 'cut') redis.cut()
        else if (each.do === 'deaf') redis.losesAnswers = !redis.losesAnswers
        else if (each.do === 'heartbeat') {
          writing.push(leaders[each.leader]?.heartbeat(now).catch(() => 0) ?? Promise.resolve())
        } else {
          const change = route(each.key, each.text)
          writing.push(leaders[each.leader]?.publish([change], now).catch(() => 0) ?? Promise.resolve())
        }
      }
      redis.losesAnswers = false
      // One of them goes on alone, as the Lease sees to.
      const settled = async (promise: Promise<unknown>): Promise<void> => {
        let isDone = false
        void promise.finally(() => {
          isDone = true
        })
        for (let i = 0; !isDone; i++) await turns.take(i * 7)
      }
      await settled(Promise.all(writing))
      now++
      const own = route('a', 'last')
      await settled(leaders[0]?.publish([own], now) ?? Promise.resolve())
      await settled(leaders[0]?.heartbeat(now) ?? Promise.resolve())
      const isMet = (): boolean =>
        followers.every(({ heads }) => {
          const [last, head] = [heads.at(-1), redis.head]
          return last !== undefined && head !== undefined && nameOf(last) === nameOf(head)
        })
      for (let i = 0; i < 2000 && !isMet(); i++) await turns.take(i * 7)
      expect(followers.map(({ faults }) => faults)).toEqual([[], []])
      expect(isMet()).toBe(true)
      expect(followers.map(({ table }) => textOf(table.values()))).toEqual([redis.records, redis.records])
      abort.abort()
      const ending = Promise.all(followers.map(({ done }) => done))
      await settled(ending)
    }),
    { numRuns: 3000 },
  )
}, 120_000)
