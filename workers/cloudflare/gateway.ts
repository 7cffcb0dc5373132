import type { EndpointFetch } from '../../src/forward/endpoint-fetch.ts'
import { FetchGateway } from '../../src/gateway/fetch-gateway.ts'
import { HostLoader } from '../../src/gateway/host-loader.ts'
import { HostTables } from '../../src/gateway/host-tables.ts'
import type { Pipe } from '../../src/gateway/platform.ts'
import { PlatformLimits } from '../../src/gateway/platform-limits.ts'
import { type Counter, PlatformCounter } from '../../src/limits/platform-counter.ts'
import { RateLimits } from '../../src/limits/rate-limits.ts'
import type { Clock, Random, Timers } from '../../src/model/clock.ts'
import type { Fetch } from '../../src/registry/http/client.ts'
import { HttpHostReader } from '../../src/registry/http/host-reader.ts'
import { SignedHeads } from '../../src/registry/signed-heads.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import type { Observer } from '../../src/telemetry/observer.ts'
import type { WorkerConfig } from './config.ts'
import { createAccess } from './find-access.ts'

/** What a runtime of web-standard requests gives to the gateway. */
export interface Platform {
  /** Reaches the relay. */
  readonly fetch: Fetch
  readonly dialer: EndpointFetch
  readonly pipe: Pipe
  /** Undefined: isolates count apart. */
  readonly counter: Counter | undefined
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly observer: Observer
  /** Sends what was observed. */
  readonly afterwards: () => Promise<void> | undefined
  readonly onTrouble: (error: Error) => void
}

export interface WorkerGateway {
  readonly gateway: FetchGateway
  readonly tables: HostTables
  readonly limits: PlatformLimits
}

/** An isolate has 128 MB for everything: less than half of it for tables. */
const BOUNDS = {
  maxHosts: 10_000,
  maxBytes: 48 * 1024 * 1024,
  maxGuests: 2_000,
  maxGuestBytes: 8 * 1024 * 1024,
}

/** A few megabytes. */
const MAX_RATE_KEYS = 20_000

/** JSON takes up to 13 times its bytes: what is wrong has to fit beside the tables, too. */
const MAX_BUNDLE_BYTES = 4 * 1024 * 1024

/** Joins the gateway's parts for one isolate. Does no I/O, and holds none: plain data only outlives a request. */
export function createGateway(config: WorkerConfig, platform: Platform): WorkerGateway {
  const tables = new HostTables({
    ...BOUNDS,
    softMs: config.REFRESH,
    negativeMs: config.UNKNOWN_FOR,
    maxStaleMs: config.MAX_STALE,
  })
  const reader = new HttpHostReader({
    url: config.RELAY_URL,
    token: config.RELAY_TOKEN,
    cluster: config.CLUSTER,
    heads: config.TRUSTED_KEYS === undefined ? anyHeads : new SignedHeads(config.TRUSTED_KEYS),
    fetch: platform.fetch,
    maxBundleBytes: MAX_BUNDLE_BYTES,
  })
  const counter = platform.counter && platformCounter(config, platform, platform.counter)
  const limits = new PlatformLimits(platform.dialer, counter !== undefined)
  const { tokens, access } = createAccess(config, platform)
  const gateway = new FetchGateway({
    ...platform,
    tokens,
    access,
    tables,
    limits,
    loader: new HostLoader({ ...platform, reader, tables }),
    road: {
      trustedProxies: config.TRUSTED_PROXIES,
      trustedHops: config.TRUSTED_HOPS,
      forwardedHeader: config.FORWARDED_HEADER,
      networkPolicy: config.NETWORK_POLICY,
    },
    rates: new RateLimits({ ...platform, sharing: counter ?? 'apart', maxKeys: MAX_RATE_KEYS }),
    counting: () => counter?.pending(),
    followsChanges: config.FOLLOW === 'on',
  })
  return { gateway, tables, limits }
}

function platformCounter(
  { RATE_LIMITER_LIMIT, RATE_LIMITER_PERIOD, CLUSTER }: WorkerConfig,
  { clock, onTrouble }: Platform,
  counter: Counter,
): PlatformCounter {
  const shape = { limit: RATE_LIMITER_LIMIT, periodMs: RATE_LIMITER_PERIOD * 1_000 }
  return new PlatformCounter({ counter, ...shape, cluster: CLUSTER, clock, onTrouble })
}
