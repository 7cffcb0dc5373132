import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe } from 'vitest'
import { systemRandom } from '../../src/model/clock.node.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { registryContract } from '../contract/registry.ts'
import { cluster } from '../contract/registry-samples.ts'
import { createAuthority } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { signedHeads } from '../support/keys.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { type RedisSet, startRedisCluster, startSentinelSet } from '../support/redis-shapes.ts'

/** What the contract writes: the agent's user may not flush. */
const keys = ['head', 'kinds', 'changes', 'records:route', 'records:service', 'records:endpoints'].map(
  (name) => `postern:{${cluster}}:${name}`,
)

describe.skipIf(!hasRedis)('on a real redis-server', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.kill())

  registryContract('Redis', async () => {
    redis.cli('FLUSHALL')
    const registry = new RedisRegistry({ url: redis.url, cluster, heads: signedHeads, random: systemRandom })
    return {
      reader: registry,
      writer: registry,
      wipe: async () => void redis.cli('FLUSHALL'),
      close: () => registry.close(),
    }
  })
})

describe.skipIf(!hasRedis)(
  'on a redis-server with TLS for both sides and the users of infra/redis/users.acl',
  () => {
    const authority = createAuthority()
    const [server, client] = [authority.issue('127.0.0.1'), authority.issue('postern')]
    let redis: RedisServer
    let tlsPort: number
    beforeAll(async () => {
      tlsPort = await freePort()
      const acl = new URL('../../infra/redis/users.acl', import.meta.url)
      redis = await startRedis([
        ...['--tls-port', `${tlsPort}`, '--tls-cert-file', server.cert, '--tls-key-file', server.key],
        ...['--tls-ca-cert-file', authority.ca, '--tls-auth-clients', 'yes', '--aclfile', acl.pathname],
      ])
    })
    afterAll(async () => {
      await redis.kill()
      authority.remove()
    })

    registryContract('Redis with TLS and users', async () => {
      const pem = (path: string) => readFileSync(path, 'utf8')
      const as = (user: string) =>
        new RedisRegistry({
          url: `rediss://${user}:change-me-${user}@127.0.0.1:${tlsPort}`,
          tls: { ca: pem(authority.ca), cert: pem(client.cert), key: pem(client.key) },
          cluster,
          heads: signedHeads,
          random: systemRandom,
        })
      const login = ['--user', 'agent', '--pass', 'change-me-agent', '--no-auth-warning']
      const wipe = async () => void redis.cli(...login, 'UNLINK', ...keys)
      await wipe()
      const [reader, writer] = [as('gateway'), as('agent')]
      return {
        reader,
        writer,
        wipe,
        close: async () => {
          await reader.close()
          await writer.close()
        },
      }
    })
  },
)

describe.skipIf(!hasRedis).each([
  ['Redis with Sentinel', startSentinelSet],
  ['Redis Cluster', startRedisCluster],
])('on %s', (name, start) => {
  let set: RedisSet
  beforeAll(async () => {
    set = await start()
  }, 60_000)
  afterAll(() => set.close())

  registryContract(name, async () => {
    const wipe = async () => {
      for (const server of set.servers) {
        if (server.cli('role').startsWith('master')) server.cli('FLUSHALL')
      }
    }
    await wipe()
    const registry = new RedisRegistry({ url: set.url, cluster, heads: signedHeads, random: systemRandom })
    return { reader: registry, writer: registry, wipe, close: () => registry.close() }
  })
})
