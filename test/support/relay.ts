import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { comparePositions, type Position } from '../../src/model/position.ts'
import type { HeadReader } from '../../src/registry/head.ts'
import type { Fetch } from '../../src/registry/http/client.ts'
import { HttpRegistry } from '../../src/registry/http/http-registry.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import type { Mirror } from '../../src/relay/mirror.ts'
import type { RelayObserver } from '../../src/relay/observer.ts'
import { type RelayServer, type RelayServerOptions, startRelayServer } from '../../src/relay/server.node.ts'

export const TOKEN = 'test-token-0123456789'

export const unobserved: RelayObserver = {
  answered: () => {},
  followerJoined: () => {},
  followerLeft: () => {},
}

export interface TestRelay extends RelayServer {
  readonly url: string
}

/** A real relay on a free loopback port. */
export async function startRelay(
  reader: RegistryReader,
  options: Partial<RelayServerOptions> = {},
): Promise<TestRelay> {
  const server = await startRelayServer({
    reader,
    tokens: [TOKEN],
    host: '127.0.0.1',
    port: 0,
    timers: systemTimers,
    random: systemRandom,
    observer: unobserved,
    onTrouble: () => {},
    ...options,
  })
  return { ...server, url: `http://127.0.0.1:${server.port}` }
}

export const systemFetch: Fetch = (url, init) => fetch(url, init)

export function readerOf(url: string, cluster: string, heads: HeadReader = anyHeads): HttpRegistry {
  return new HttpRegistry({ url, token: TOKEN, cluster, heads, fetch: systemFetch, timers: systemTimers })
}

/** Waits until the mirror's history ends at the position. */
export function untilAt(mirror: Mirror, position: Position): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (mirror.log === undefined || comparePositions(mirror.log.end, position) !== 0) return
      stop()
      resolve()
    }
    const stop = mirror.onChange(look)
    look()
  })
}

/** Waits until the mirror has read its registry. */
export function untilRead(mirror: Mirror): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (mirror.log === undefined) return
      stop()
      resolve()
    }
    const stop = mirror.onChange(look)
    look()
  })
}
