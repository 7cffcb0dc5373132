import type { RedisServer } from '../support/redis.ts'

/** What Redis has done since it started. */
export interface RedisCost {
  readonly commands: number
  readonly bytesSent: number
}

/** Reads the counters of INFO; asking counts as well. */
export function readRedisCost(redis: RedisServer): RedisCost {
  const info = redis.cli('INFO', 'stats')
  const field = (name: string): number => {
    const value = new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]
    if (value === undefined) throw new Error(`Cannot read ${name} in Redis's INFO`)
    return Number(value)
  }
  return { commands: field('total_commands_processed'), bytesSent: field('total_net_output_bytes') }
}
