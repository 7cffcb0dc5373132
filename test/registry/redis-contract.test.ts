import { afterAll, beforeAll, describe } from 'vitest'
import { systemRandom } from '../../src/model/clock.node.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { registryContract } from '../contract/registry.ts'
import { cluster } from '../contract/registry-samples.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'

describe.skipIf(!hasRedis)('on a real redis-server', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.kill())

  registryContract('Redis', async () => {
    redis.cli('FLUSHALL')
    const registry = new RedisRegistry({ url: redis.url, cluster, random: systemRandom })
    return {
      reader: registry,
      writer: registry,
      wipe: async () => void redis.cli('FLUSHALL'),
      close: () => registry.close(),
    }
  })
})
