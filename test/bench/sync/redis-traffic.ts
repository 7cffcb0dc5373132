import { redisKeys } from '../../../src/registry/redis/keys.ts'
import type { RedisServer } from '../../support/redis.ts'

/** What has gone through Redis so far. */
export interface RedisTraffic {
  readonly inputBytes: number
  readonly outputBytes: number
  readonly commands: number
}

export function readTraffic(redis: RedisServer): RedisTraffic {
  const info = redis.cli('INFO', 'stats')
  return {
    inputBytes: fieldOf(info, 'total_net_input_bytes'),
    outputBytes: fieldOf(info, 'total_net_output_bytes'),
    commands: fieldOf(info, 'total_commands_processed'),
  }
}

/** The id of the newest publish; '0-0' before the first. */
export function lastPublish(redis: RedisServer, cluster: string): string {
  return (
    /^\d+-\d+$/m.exec(redis.cli('XREVRANGE', redisKeys(cluster).changes, '+', '-', 'COUNT', '1'))?.[0] ??
    '0-0'
  )
}

/** How many publishes after one said anything beyond that the records still hold. */
export function newsAfter(redis: RedisServer, cluster: string, id: string): number {
  // Through a script: it counts where the entries are. A heartbeat has four fields, and no change.
  const script = `local news = 0
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+')) do
  if #entry[2] > 8 then news = news + 1 end
end
return news`
  return Number(redis.cli('EVAL', script, '1', redisKeys(cluster).changes, id))
}

function fieldOf(info: string, name: string): number {
  const [, value] = new RegExp(`^${name}:(\\d+)\\s*$`, 'm').exec(info) ?? []
  if (value === undefined)
    throw new Error(`Cannot read ${name} of Redis: ${JSON.stringify(info.slice(0, 200))}`)
  return Number(value)
}
