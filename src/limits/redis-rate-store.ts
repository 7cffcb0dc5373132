import * as v from 'valibot'
import type { RateStore, Taken } from './rate-store.ts'

/** One command of Redis. Rejects when there is no answer. */
export type RedisCall = (
  action: string,
  command: string,
  ...args: readonly (string | number)[]
) => Promise<unknown>

/**
 * Moves each key's theoretical arrival time on by what was taken, by the one clock that all gateways share: Redis's own. A
 * key lives for as long as its time lies ahead. Milliseconds as text, since a reply of Lua has whole numbers only.
 */
const ADD_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local ahead = {}
for i, key in ipairs(KEYS) do
  local tat = math.max(now, tonumber(redis.call('GET', key) or '0') or 0) + ARGV[1] * ARGV[i + 1]
  redis.call('SET', key, string.format('%.3f', tat), 'PX', string.format('%.0f', math.ceil(tat - now) + 1))
  ahead[i] = string.format('%.3f', tat - now)
end
return ahead`

const aheadSchema = v.array(v.pipe(v.string(), v.regex(/^\d+\.\d+$/), v.transform(Number)))

/** Counters of one cluster's Services in Redis, below `postern:limit:`. Those of a Service are one slot of a Redis Cluster. */
export class RedisRateStore implements RateStore {
  readonly #call: RedisCall
  readonly #cluster: string

  constructor(call: RedisCall, cluster: string) {
    this.#call = call
    this.#cluster = cluster
  }

  async add(service: string, intervalMs: number, taken: readonly Taken[]): Promise<readonly number[]> {
    const keys = taken.map(({ key }) => `postern:limit:{${this.#cluster}/${service}}:${key}`)
    const counts = taken.map(({ count }) => count)
    const reply = await this.#call(
      'count requests',
      'EVAL',
      ADD_SCRIPT,
      keys.length,
      ...keys,
      intervalMs,
      ...counts,
    )
    const parsed = v.safeParse(aheadSchema, reply)
    if (parsed.success && parsed.output.length === taken.length) return parsed.output
    throw new Error(`Cannot count requests: Redis answered ${JSON.stringify(reply)?.slice(0, 80)}`)
  }

  async ping(): Promise<void> {
    await this.#call('reach the counters', 'EVAL', "return redis.call('TIME')", 0)
  }
}
