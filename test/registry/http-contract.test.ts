import { afterAll, beforeAll, describe } from 'vitest'
import { systemRandom } from '../../src/model/clock.node.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import type { RegistryReader, RegistryWriter } from '../../src/registry/port.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { type RegistryUnderTest, registryContract } from '../contract/registry.ts'
import { cluster } from '../contract/registry-samples.ts'
import { signedHeads } from '../support/keys.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { readerOf, startRelay, type TestRelay, untilAt, untilRead } from '../support/relay.ts'

interface Upstream {
  readonly registry: RegistryReader & RegistryWriter
  wipe(): void
  close(): Promise<void>
}

/** The HTTP driver on `depth` relays behind each other; a write counts as done once the last relay has it. */
async function throughRelays(upstream: Upstream, depth: number): Promise<RegistryUnderTest> {
  let relays: TestRelay[] = []
  const start = async (): Promise<void> => {
    relays = []
    let reader: RegistryReader = upstream.registry
    for (let level = 0; level < depth; level++) {
      const relay = await startRelay(reader)
      await untilRead(relay.mirror)
      relays.push(relay)
      reader = readerOf(relay.url, cluster, signedHeads)
    }
  }
  const stop = async (): Promise<void> => {
    for (const relay of relays.toReversed()) await relay.close()
  }
  await start()
  // A relay that starts anew takes another port.
  const last = (): RegistryReader => readerOf(relays.at(-1)?.url ?? '', cluster, signedHeads)
  return {
    reader: {
      load: (signal) => last().load(signal),
      entries: (position, signal) => last().entries(position, signal),
    },
    writer: {
      publish: async (publish) => {
        const result = await upstream.registry.publish(publish)
        if (result.ok) for (const { mirror } of relays) await untilAt(mirror, publish.head.position)
        return result
      },
    },
    wipe: async () => {
      upstream.wipe()
      // A relay goes on with what it has: only one that starts anew sees an empty registry.
      await stop()
      await start()
    },
    close: async () => {
      await stop()
      await upstream.close()
    },
  }
}

function memory(): Upstream {
  const registry = new MemoryRegistry()
  return { registry, wipe: () => registry.wipe(), close: async () => {} }
}

registryContract('HTTP, through a relay', () => throughRelays(memory(), 1))
registryContract('HTTP, through a relay behind a relay', () => throughRelays(memory(), 2))

describe.skipIf(!hasRedis)('on a real redis-server', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.kill())

  registryContract('HTTP, through a relay on Redis', () => {
    redis.cli('FLUSHALL')
    const registry = new RedisRegistry({ url: redis.url, cluster, heads: signedHeads, random: systemRandom })
    const wipe = (): void => void redis.cli('FLUSHALL')
    return throughRelays({ registry, wipe, close: () => registry.close() }, 1)
  })
})
