import { connect } from 'cloudflare:sockets'
import type { EndpointFetch } from '../../src/forward/endpoint-fetch.ts'
import { FetchDialer, type PlatformFetch } from '../../src/forward/fetch-dialer.ts'
import type { Connect } from '../../src/forward/socket.ts'
import { SocketDialer } from '../../src/forward/socket-dialer.ts'
import type { Pipe } from '../../src/gateway/platform.ts'
import type { Clock, Timers } from '../../src/model/clock.ts'
import type { WorkerConfig } from './config.ts'

export interface Env {
  /** A Workers VPC network: reaches Pod addresses behind a tunnel. */
  readonly VPC?: Fetcher
  /** The platform's counters, for rate limits that are shared. */
  readonly RATE_LIMITER?: RateLimit
}

/** The platform's clock stands still while a script runs, and moves with its I/O. */
export const clock: Clock = { now: () => Date.now(), elapsed: () => performance.now() }

export const timers: Timers = {
  start(delayMs, fire) {
    let timeout = setTimeout(fire, delayMs)
    return {
      restart: () => {
        clearTimeout(timeout)
        timeout = setTimeout(fire, delayMs)
      },
      cancel: () => clearTimeout(timeout),
    }
  },
}

/** A length is written for streams of a fixed length only. */
export const pipe: Pipe = (length) =>
  length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length)

export const platformFetch: PlatformFetch = (url, init) => fetch(url, init)

const CONNECT_TIMEOUT_MS = 2_000

type Opener = Pick<Fetcher, 'connect'>

/** The way to endpoints that the variables ask for. */
export function createDialer({ DIAL, PODS, NODE_HOST }: WorkerConfig, { VPC }: Env): EndpointFetch {
  // Where bare addresses are reached, a name could lead to one of them.
  const isPublicOnly = PODS !== 'direct'
  const areNodesReached = NODE_HOST !== undefined || PODS === 'direct'
  const byFetch = new FetchDialer({
    pods: podFetch(PODS, VPC),
    nodes: areNodesReached ? platformFetch : undefined,
    external: isPublicOnly ? platformFetch : undefined,
    nodeHost: NODE_HOST,
  })
  if (DIAL === 'fetch') return byFetch
  return new SocketDialer({
    pods: podConnect(PODS, VPC),
    nodes: areNodesReached ? connectBy({ connect }) : undefined,
    external: isPublicOnly ? connectBy({ connect }) : undefined,
    externalTls: isPublicOnly ? connectBy({ connect }, OVER_TLS) : undefined,
    nodeHost: NODE_HOST,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    timers,
    upgrades: byFetch,
  })
}

/** `direct` is for `wrangler dev`: in production the platform refuses bare addresses. */
function podFetch(pods: WorkerConfig['PODS'], vpc: Fetcher | undefined): PlatformFetch | undefined {
  if (pods === 'direct') return platformFetch
  if (pods === 'off' || vpc === undefined) return undefined
  return (url, init) => vpc.fetch(url, init)
}

function podConnect(pods: WorkerConfig['PODS'], vpc: Fetcher | undefined): Connect | undefined {
  if (pods === 'direct') return connectBy({ connect })
  return pods === 'off' || vpc === undefined ? undefined : connectBy(vpc)
}

/** The platform verifies the hostname, by public authorities. */
const OVER_TLS: SocketOptions = { secureTransport: 'on', allowHalfOpen: false }

function connectBy(opener: Opener, options?: SocketOptions): Connect {
  return async (hostname, port) => {
    const socket = opener.connect({ hostname, port }, options)
    // A promise of its own, which nobody else awaits when a connection breaks.
    socket.closed.catch(() => {})
    await socket.opened
    return socket
  }
}
