import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { BearerTokens } from '../model/bearer-tokens.ts'
import type { Random, Timers } from '../model/clock.ts'
import type { RegistryReader } from '../registry/port.ts'
import { createRelay } from './app.ts'
import type { ChangeLogBounds } from './change-log.ts'
import { deflateBlocks } from './deflate.node.ts'
import { Followers } from './followers.ts'
import { Mirror } from './mirror.ts'
import type { RelayObserver } from './observer.ts'
import { sendEvents } from './response-sink.node.ts'

export interface RelayServerOptions {
  readonly reader: RegistryReader
  /** Tokens that open the relay; none: open to everyone who reaches it. */
  readonly tokens: readonly string[]
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly timers: Timers
  readonly random: Random
  readonly observer: RelayObserver
  readonly onTrouble: (error: Error) => void
  readonly log?: ChangeLogBounds
  readonly maxUnreadBytes?: number
}

export interface RelayServer {
  readonly port: number
  readonly mirror: Mirror
  close(): Promise<void>
}

/** Streams hear a keep-alive eight times as often: what moves nothing for so long is dead. */
const DEAD_AFTER_MS = 120_000

/** A relay on a socket: follows the registry and serves it. Rejects when the address cannot be listened on. */
export async function startRelayServer(options: RelayServerOptions): Promise<RelayServer> {
  const { tokens, host, port } = options
  const stop = new AbortController()
  const mirror = new Mirror(options)
  const followers = new Followers({ ...options, mirror, deflate: deflateBlocks })
  const app = createRelay({
    ...options,
    mirror,
    followers,
    tokens: tokens.length === 0 ? undefined : new BearerTokens(tokens),
    sendEvents,
  })
  // Without `createServer` the adaptor always makes a node:http server.
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server
  server.timeout = DEAD_AFTER_MS
  server.listen(port, host)
  await once(server, 'listening')
  followers.run(stop.signal)
  const following = mirror.run(stop.signal)
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    mirror,
    close: async () => {
      stop.abort()
      await following
      await closeServer(server)
    },
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
