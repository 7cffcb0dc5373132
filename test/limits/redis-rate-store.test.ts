import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { RateExchange } from '../../src/limits/rate-exchange.ts'
import { RedisRateStore } from '../../src/limits/redis-rate-store.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { RateLimit } from '../../src/model/limits.ts'
import { RedisConnection } from '../../src/registry/redis/connection.node.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'

const HOUR_MS = 3_600_000
const SERVICE = 'shop/web:80'
const limit: RateLimit = {
  ...{ count: 10, periodMs: HOUR_MS, burst: 10 },
  ...{ key: { type: 'route' }, scope: 'shared', onError: 'open' },
}

describe.skipIf(!hasRedis)('counters in Redis', () => {
  let redis: RedisServer
  const closers: (() => void)[] = []
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterEach(() => {
    for (const close of closers.splice(0)) close()
    redis.cli('FLUSHALL')
  })
  afterAll(() => redis.kill())

  function open(): RedisRateStore {
    const connection = new RedisConnection({ url: redis.url, random: systemRandom }, 1_000)
    closers.push(() => connection.close())
    return new RedisRateStore((...command) => connection.call(...command), 'default')
  }

  test('what several gateways take adds up, key by key, and vanishes with its time', async () => {
    const [first, second] = [open(), open()]
    await first.add(SERVICE, 1_000, [
      { key: 'a', count: 3 },
      { key: 'b', count: 1 },
    ])
    const [ahead = 0] = await second.add(SERVICE, 1_000, [{ key: 'a', count: 4 }])
    expect(ahead).toBeGreaterThan(6_000)
    expect(ahead).toBeLessThanOrEqual(7_000)
    const left = Number(redis.cli('PTTL', `postern:limit:{default/${SERVICE}}:a`))
    expect(left).toBeGreaterThan(5_000)
    expect(left).toBeLessThanOrEqual(7_001)
  })

  test('a longest limit fits, and what is no counter counts as none', async () => {
    redis.cli('SET', `postern:limit:{default/${SERVICE}}:a`, 'nonsense')
    const intervalMs = 86_400_000
    const [ahead = 0] = await open().add(SERVICE, intervalMs, [{ key: 'a', count: 9_999_999 }])
    expect(ahead / intervalMs).toBeCloseTo(9_999_999, 0)
  })

  test('a gateway hears what another has admitted, and counts it as its own', async () => {
    const exchanges = [open(), open()].map((store) => {
      const onTrouble = (error: Error): void => {
        throw error
      }
      const exchange = new RateExchange({ store, clock: systemClock, timers: systemTimers, onTrouble })
      closers.push(() => exchange.stop())
      return exchange
    })
    const accounts = exchanges.map(() => ({ tat: 0, untold: 0, name: 'a' }))
    for (const exchange of exchanges) {
      await waitFor(
        'Redis',
        () => Promise.resolve(exchange.isAway),
        (isAway) => !isAway,
      )
    }
    const [first, second] = accounts
    for (let i = 0; i < 3; i++) if (first !== undefined) exchanges[0]?.tell(SERVICE, limit, first)
    await waitFor(
      'the first',
      () => Promise.resolve(first?.tat ?? 0),
      (tat) => tat > 0,
    )
    if (second !== undefined) exchanges[1]?.tell(SERVICE, limit, second)
    const tat = await waitFor(
      'the second',
      () => Promise.resolve(second?.tat ?? 0),
      (time) => time > 0,
    )
    const taken = (tat - systemClock.elapsed()) / (HOUR_MS / 10)
    expect(taken).toBeGreaterThan(3.9)
    expect(taken).toBeLessThanOrEqual(4)
  })
})
