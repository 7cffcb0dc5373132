import type { RegistrySource } from '../../src/cli/registry-source.ts'
import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { HttpRegistry } from '../../src/registry/http/http-registry.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { RedisRestRegistry } from '../../src/registry/redis-rest/redis-rest-registry.ts'
import { readTokens } from './secrets.ts'

export interface OpenRegistry {
  readonly reader: RegistryReader
  close(): Promise<void>
}

/** The driver that a command line asks for. @throws Error when its token cannot be read */
export function openRegistry(source: RegistrySource, cluster: string): OpenRegistry {
  if (source.type === 'redis') {
    const registry = new RedisRegistry({ url: source.url, cluster, random: systemRandom })
    return { reader: registry, close: () => registry.close() }
  }
  const [token] = readTokens(source.token)
  const options = { url: source.url, token, cluster, fetch: globalThis.fetch, timers: systemTimers }
  const reader = source.type === 'relay' ? new HttpRegistry(options) : new RedisRestRegistry(options)
  return { reader, close: async () => {} }
}
