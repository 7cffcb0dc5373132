import { getHeapStatistics } from 'node:v8'
import type { RedisSource, RegistrySource } from '../../src/cli/registry-source.ts'
import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { HttpRegistry } from '../../src/registry/http/http-registry.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
import type { RedisTls } from '../../src/registry/redis/connection.node.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { RedisRestRegistry } from '../../src/registry/redis-rest/redis-rest-registry.ts'
import type { Trust } from './open-trust.ts'
import { readPem, readTokens } from './secrets.ts'

export interface OpenRegistry {
  readonly reader: RegistryReader
  close(): Promise<void>
}

/** What is read is held beside the table that is served, until it has been checked: an answer without end stays within it. */
const LOAD_SHARE = 0.25

/** The driver that a command line asks for. @throws Error when its token cannot be read */
export function openRegistry(source: RegistrySource, cluster: string, trust: Trust): OpenRegistry {
  if (source.type === 'redis') {
    const registry = openRedis(source, cluster, trust)
    return { reader: registry, close: () => registry.close() }
  }
  const [token] = readTokens(source.token)
  const heads = trust(cluster)
  const options = { url: source.url, token, cluster, heads, fetch: globalThis.fetch, timers: systemTimers }
  if (source.type === 'redis-rest') return { reader: new RedisRestRegistry(options), close: async () => {} }
  const maxLoadBytes = Math.floor(LOAD_SHARE * getHeapStatistics().heap_size_limit)
  const reader = new HttpRegistry({ ...options, maxLoadBytes })
  return { reader, close: async () => {} }
}

/** A reader for each cluster that is asked for, of one registry. */
export function openReaders(
  source: RegistrySource,
  trust: Trust,
): {
  readonly readerOf: (cluster: string) => RegistryReader
  close(): Promise<void>
} {
  const opened: OpenRegistry[] = []
  return {
    readerOf: (cluster) => {
      const registry = openRegistry(source, cluster, trust)
      opened.push(registry)
      return registry.reader
    },
    close: async () => {
      await Promise.all(opened.map((registry) => registry.close()))
    },
  }
}

/** The driver that writes as well. @throws Error when what its TLS takes cannot be read */
export function openRedis(source: RedisSource, cluster: string, trust: Trust): RedisRegistry {
  const { url } = source
  const heads = trust(cluster)
  return new RedisRegistry({ url, tls: readTls(source), cluster, heads, random: systemRandom })
}

/** @throws Error when a file cannot be read */
export function readTls({ caFile, certFile, keyFile }: Omit<RedisSource, 'type' | 'url'>): RedisTls {
  return {
    ...(caFile !== undefined && { ca: readPem(caFile) }),
    ...(certFile !== undefined && { cert: readPem(certFile) }),
    ...(keyFile !== undefined && { key: readPem(keyFile) }),
  }
}
