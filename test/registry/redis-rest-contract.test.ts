import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { origin } from '../../src/model/position.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { RedisRestRegistry } from '../../src/registry/redis-rest/redis-rest-registry.ts'
import { registryContract } from '../contract/registry.ts'
import { cluster, route } from '../contract/registry-samples.ts'
import { signedHeads, signer } from '../support/keys.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { type RedisRestProxy, startRedisRest } from '../support/redis-rest.ts'
import { systemFetch } from '../support/relay.ts'

const TOKEN = 'rest-token-0123456789'

describe.skipIf(!hasRedis)('on a real redis-server behind a REST proxy', () => {
  let redis: RedisServer
  let proxy: RedisRestProxy
  beforeAll(async () => {
    redis = await startRedis()
    proxy = await startRedisRest(redis.url, TOKEN)
  })
  afterAll(async () => {
    await proxy.close()
    await redis.kill()
  })

  const rest = (token: string | undefined = TOKEN, of = cluster) =>
    new RedisRestRegistry({
      url: proxy.url,
      token,
      cluster: of,
      heads: signedHeads,
      fetch: systemFetch,
      timers: systemTimers,
      pollMs: 20,
    })
  const load = (registry: RedisRestRegistry) => registry.load(new AbortController().signal)

  registryContract('Redis REST', async () => {
    redis.cli('FLUSHALL')
    const writer = new RedisRegistry({ url: redis.url, cluster, heads: signedHeads, random: systemRandom })
    return {
      reader: rest(),
      writer,
      wipe: async () => void redis.cli('FLUSHALL'),
      close: () => writer.close(),
    }
  })

  test('a wrong token is a clear error, without the token', async () => {
    await expect(load(rest('wrong-token-0123456789'))).rejects.toMatchObject({
      code: 'unreachable',
      message: `Cannot read postern:{${cluster}}:head: status 401: the token is wrong`,
    })
  })

  test('a key of another type is invalid, and says which', async () => {
    redis.cli('FLUSHALL')
    redis.cli('SET', `postern:{${cluster}}:head`, 'x')
    await expect(load(rest())).rejects.toMatchObject({ code: 'invalid', message: /:head: .*WRONGTYPE/ })
  })

  test('an entry that is cut short is invalid', async () => {
    redis.cli('FLUSHALL')
    redis.cli('XADD', `postern:{${cluster}}:changes`, '1-1', 'head', '{}')
    const entries = rest().entries(origin, new AbortController().signal)[Symbol.asyncIterator]()
    await expect(entries.next()).rejects.toMatchObject({ code: 'invalid', message: /no head/ })
  })

  test("another cluster's head is refused", async () => {
    redis.cli('FLUSHALL')
    const writer = new RedisRegistry({ url: redis.url, cluster, heads: signedHeads, random: systemRandom })
    const head = await signer.write({
      schema: 1,
      cluster: 'else',
      position: { epoch: 1, revision: 1 },
      observedAt: 1,
      root: '',
    })
    await writer.publish({ expected: undefined, head, changes: [route('a', '1')], isWhole: false })
    await writer.close()
    await expect(load(rest())).rejects.toMatchObject({ code: 'invalid', message: /cluster "else"'s/ })
  })
})
