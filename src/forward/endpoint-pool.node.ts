import type { Clock, Timers } from '../model/clock.ts'
import { wireBounds } from '../wire/bounds.ts'
import { connectTcp } from '../wire/client-dial.node.ts'
import { ClientPool } from '../wire/client-pool.node.ts'
import type { ConnectTls } from '../wire/client-tls.node.ts'
import { Deadlines } from '../wire/deadlines.ts'

export interface EndpointPoolOptions {
  readonly connectTimeoutMs: number
  readonly clock: Clock
  readonly timers: Timers
  readonly connectTls: ConnectTls
}

/** Below what the kernel has ports for towards one address (28,232 unless it is told otherwise). */
const MAX_CONNECTIONS = 20_000
const MAX_IDLE = 1_024
/** How long idle connections are kept for requests that may be sent again. */
const IDLE_MS = 60_000
/** Others avoid connections that have idled longer: the endpoint may be closing one as we write. */
const FRESH_MS = 1_000
const TICK_MS = 1_000

/** The connections of a gateway to its endpoints: HTTP/1.1, kept alive, one request at a time on each. */
export function endpointPool({
  connectTimeoutMs,
  clock,
  timers,
  connectTls,
}: EndpointPoolOptions): ClientPool {
  return new ClientPool({
    bounds: wireBounds,
    clock,
    timers,
    deadlines: new Deadlines(timers, TICK_MS),
    connect: connectTcp,
    connectTls,
    connectTimeoutMs,
    maxConnections: MAX_CONNECTIONS,
    maxIdle: MAX_IDLE,
    maxWaiting: MAX_CONNECTIONS,
    idleMs: IDLE_MS,
    freshMs: FRESH_MS,
  })
}
