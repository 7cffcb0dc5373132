import type { GatewayConfig } from '../../src/cli/config.ts'
import { RateExchange } from '../../src/limits/rate-exchange.ts'
import type { Sharing } from '../../src/limits/rate-limits.ts'
import { RedisRateStore } from '../../src/limits/redis-rate-store.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { RedisConnection } from '../../src/registry/redis/connection.node.ts'
import { readTls } from './open-registry.ts'
import { say } from './say.ts'

export interface OpenLimits {
  /** Who else counts a cluster's rate limits. */
  readonly sharingOf: (cluster: string) => Sharing
  close(): void
}

/** A Redis that takes longer counts as away. */
const ANSWER_WITHIN_MS = 1_000

/** Where this gateway counts together with others, on a connection of its own. */
export function openLimits({
  limitsRedis,
  registry,
}: Pick<GatewayConfig, 'limitsRedis' | 'registry'>): OpenLimits {
  const url = limitsRedis ?? (registry.type === 'redis' ? registry.url : undefined)
  if (url === undefined) return { sharingOf: () => 'apart', close: () => {} }
  // The certificates are those of the registry's Redis; another one is believed by the system's authorities.
  const tls = limitsRedis === undefined && registry.type === 'redis' ? readTls(registry) : {}
  const connection = new RedisConnection({ url, tls, random: systemRandom }, ANSWER_WITHIN_MS)
  const exchanges: RateExchange[] = []
  return {
    sharingOf: (cluster) => {
      const store = new RedisRateStore((...command) => connection.call(...command), cluster)
      const exchange = new RateExchange({ store, clock: systemClock, timers: systemTimers, onTrouble: say })
      exchanges.push(exchange)
      return exchange
    },
    close: () => {
      for (const exchange of exchanges) exchange.stop()
      connection.close()
    },
  }
}
