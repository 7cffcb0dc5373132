import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getPlatformProxy } from 'wrangler'
import { type Counter, PlatformCounter } from '../../src/limits/platform-counter.ts'
import { RateLimits } from '../../src/limits/rate-limits.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import type { RateLimit } from '../../src/model/limits.ts'
import { ManualTime } from '../support/manual-time.ts'

const LIMIT = 1_000_000
const folder = mkdtempSync(join(tmpdir(), 'postern-counter-'))
let proxy: Awaited<ReturnType<typeof getPlatformProxy<{ RATE_LIMITER: Counter }>>>

/** Cloudflare's own simulation of its counters. */
beforeAll(async () => {
  const configPath = join(folder, 'wrangler.toml')
  writeFileSync(
    configPath,
    `name = "counter"
compatibility_date = "2026-11-01"
send_metrics = false
[[ratelimits]]
name = "RATE_LIMITER"
namespace_id = "1001"
simple = { limit = ${LIMIT}, period = 60 }
`,
  )
  proxy = await getPlatformProxy({ configPath, persist: false })
})
afterAll(async () => {
  await proxy.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const limit: RateLimit = {
  ...{ count: 6, periodMs: 60_000, burst: 4, key: { type: 'client' } },
  ...{ scope: 'shared', onError: 'closed' },
}

/** An isolate of the Worker. */
function isolate(
  counter: Counter,
  cluster: string,
  clock: Pick<ManualTime['clock'], 'elapsed'> = systemClock,
) {
  const troubles: string[] = []
  const sharing = new PlatformCounter({
    ...{ counter, limit: LIMIT, periodMs: 60_000, cluster, clock },
    onTrouble: ({ message }) => troubles.push(message),
  })
  const rates = new RateLimits({ clock, random: () => 0, sharing })
  const ask = async (key = 'c1', service = 'n/s:80') => {
    const verdict = rates.ask(service, limit, key)
    if (verdict.type === 'admitted') rates.take(service, limit, key)
    await sharing.pending()
    return verdict.type
  }
  return { ask, troubles, sharing }
}

/** The counters begin anew with each minute of the wall clock. */
async function earlyInAMinute(): Promise<void> {
  await expect.poll(() => new Date().getSeconds() < 50, { timeout: 15_000 }).toBe(true)
}

test('isolates that count with the platform admit together what the Service says, and a request more each', async () => {
  await earlyInAMinute()
  const isolates = Array.from({ length: 8 }, () => isolate(proxy.env.RATE_LIMITER, 'together'))
  let admitted = 0
  for (let round = 0; round < 4; round++) {
    for (const { ask } of isolates) if ((await ask()) === 'admitted') admitted++
  }
  // A burst of four and six in the minute, and what each isolate lets in before it hears of it. Apart they would be 32.
  expect(admitted).toBeGreaterThanOrEqual(10)
  expect(admitted).toBeLessThanOrEqual(18)
}, 60_000)

test('another client, another Service and another cluster have an allowance of their own', async () => {
  await earlyInAMinute()
  const [one, other] = [isolate(proxy.env.RATE_LIMITER, 'a'), isolate(proxy.env.RATE_LIMITER, 'b')]
  const crowd = Array.from({ length: 6 }, () => isolate(proxy.env.RATE_LIMITER, 'a'))
  for (const { ask } of crowd) for (let i = 0; i < 4; i++) await ask()
  // It is told by its first request.
  expect([await one.ask(), await one.ask()]).toEqual(['admitted', 'exceeded'])
  expect([await one.ask('c2'), await one.ask('c2')]).toEqual(['admitted', 'admitted'])
  expect([await one.ask('c1', 'n/t:80'), await one.ask('c1', 'n/t:80')]).toEqual(['admitted', 'admitted'])
  expect([await other.ask(), await other.ask()]).toEqual(['admitted', 'admitted'])
}, 60_000)

test('a refusal stands for a second, and then for one request more', async () => {
  const time = new ManualTime()
  let asked = 0
  const full: Counter = {
    limit: async () => {
      asked++
      return { success: false }
    },
  }
  const { ask } = isolate(full, 'full', time.clock)
  expect([await ask(), await ask()]).toEqual(['admitted', 'exceeded'])
  time.pass(999)
  expect(await ask()).toBe('exceeded')
  time.pass(1)
  expect([await ask(), await ask()]).toEqual(['admitted', 'exceeded'])
  expect(asked).toBe(2)
})

test('while the counters are away a limit that is closed is, and it is told once', async () => {
  const time = new ManualTime()
  const state = { isAway: true }
  const { ask, troubles } = isolate(
    {
      limit: async () => {
        if (state.isAway) throw new Error('away')
        return { success: true }
      },
    },
    'away',
    time.clock,
  )
  expect([await ask(), await ask()]).toEqual(['admitted', 'unavailable'])
  time.pass(1_000)
  expect([await ask(), await ask()]).toEqual(['admitted', 'unavailable'])
  expect(troubles).toEqual(["Cannot count requests with the platform's counters"])
  state.isAway = false
  time.pass(1_000)
  expect([await ask(), await ask()]).toEqual(['admitted', 'admitted'])
})
