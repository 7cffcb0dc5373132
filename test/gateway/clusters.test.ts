import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endpointPool } from '../../src/forward/endpoint-pool.node.ts'
import type { ClusterShare } from '../../src/gateway/cluster-member.ts'
import { Clusters } from '../../src/gateway/clusters.ts'
import { ExternalNames } from '../../src/gateway/external-names.ts'
import { Listener } from '../../src/gateway/listener.node.ts'
import { parseCidr } from '../../src/model/address.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { testAccess } from '../support/access.ts'
import { RecordingObserver } from '../support/gateway.ts'
import { startHttp, type TestServer } from '../support/http.ts'
import { testIdentities } from '../support/identities.ts'
import { signedHeads } from '../support/keys.ts'
import { nodeRecord } from '../support/records.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { HOST, RedisClusters } from '../support/redis-clusters.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { ask } from '../support/steady-load.ts'

const block = (text: string) => [parseCidr(text)].filter((cidr) => cidr !== undefined)
const share = (name: string, weight: number, within = '127.0.0.0/8'): ClusterShare => ({
  name,
  weight,
  within: block(within),
})

describe.skipIf(!hasRedis)('a gateway of several clusters in one Redis', () => {
  const closers: (() => unknown)[] = []
  const troubles: string[] = []
  let redis: RedisServer
  let published: RedisClusters
  let own: TestServer
  let west: TestServer

  beforeAll(async () => {
    redis = await startRedis()
    published = new RedisClusters(redis.url)
    own = await startHttp((_request, response) => void response.end('own'))
    west = await startHttp((_request, response) => void response.end('west'))
    await published.expose('own', [own.port])
    await published.expose('west', [west.port])
  })
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close()
    await published.close()
    await Promise.all([own.close(), west.close()])
    await redis.kill()
  })

  /** @returns what is followed, and the body (or the status) of an answer. */
  async function start(...shares: readonly ClusterShare[]) {
    const registries: RedisRegistry[] = []
    const names = new ExternalNames({
      clock: systemClock,
      resolve: () => Promise.reject(new Error('no name server in this test')),
      reach: { allowedCidrs: [], deniedCidrs: [], isNode: () => false },
      onTrouble: () => {},
    })
    const { tokens, access } = testAccess()
    const { connector, identities } = testIdentities()
    const clusters = new Clusters({
      isSigned: true,
      shares,
      own: shares[0]?.name ?? '',
      maxStaleMs: 0,
      names,
      tokens,
      identities,
      access,
      place: { node: 'node-1', zone: 'zone-a', families: ['IPv4'] },
      readerOf: (cluster) => {
        const registry = new RedisRegistry({
          url: redis.url,
          cluster,
          heads: signedHeads,
          random: systemRandom,
        })
        registries.push(registry)
        return registry
      },
      sharingOf: undefined,
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      onTrouble: ({ message }) => troubles.push(message),
      onTable: () => {},
    })
    const stop = new AbortController()
    const done = clusters.run(stop.signal)
    const pool = endpointPool({
      connectTimeoutMs: 500,
      clock: systemClock,
      timers: systemTimers,
      connectTls: connector.connect,
    })
    const listener = new Listener({
      clusters: clusters.served,
      pool,
      clock: systemClock,
      timers: systemTimers,
      random: seededRandom(5),
      names,
      tokens,
      identities,
      access,
      observer: new RecordingObserver(),
      road: { trustedProxies: [], networkPolicy: 'enforce' },
      proxyProtocol: [],
      connections: { maxConnections: 0, maxConnectionsPerClient: 0 },
      minBodyRate: 0,
      onTrouble: ({ message }) => troubles.push(message),
    })
    const port = await listener.listen({ host: '127.0.0.1', port: 0 })
    closers.push(async () => {
      await listener.close(0)
      stop.abort()
      pool.close()
      await Promise.all([done, ...registries.map((registry) => registry.close())])
    })
    const answer = async (): Promise<string> => {
      const { status, body } = await ask(port, HOST, '/')
      return status === 200 ? body : String(status)
    }
    return { clusters, answer }
  }

  const isWhole = (clusters: Clusters) => () => clusters.statuses().every(({ position }) => position !== null)
  const untilWhole = (clusters: Clusters) => waitFor('every cluster', isWhole(clusters), (is) => is)

  test('another cluster stands in while the own endpoints are gone, and no longer', async () => {
    const { clusters, answer } = await start(share('own', 1), share('west', 0))
    await untilWhole(clusters)
    expect(await answer()).toBe('own')
    await published.expose('own', [])
    await waitFor('west to stand in', answer, (body) => body === 'west')
    await published.expose('own', [own.port])
    await waitFor('the own one to be back', answer, (body) => body === 'own')
  })

  test('a node of another cluster is not the one here, whatever its name; zones are the same', async () => {
    const { clusters } = await start(share('own', 1), share('west', 0))
    await untilWhole(clusters)
    expect(clusters.served.map(({ table }) => table()?.place)).toMatchObject([
      { node: 'node-1', zone: 'zone-a' },
      { node: undefined, zone: 'zone-a' },
    ])
  })

  test('requests are shared by weight', async () => {
    const { clusters, answer } = await start(share('own', 3), share('west', 1))
    await untilWhole(clusters)
    const draws = 600
    let counted = 0
    for (let i = 0; i < draws; i++) if ((await answer()) === 'west') counted++
    // Five standard deviations.
    expect(Math.abs(counted / draws - 1 / 4)).toBeLessThan(5 * Math.sqrt(((1 / 4) * (3 / 4)) / draws))
  })

  test('a cluster that has lost every Pod without a word is left for another', async () => {
    const lost = await startHttp(() => {})
    const { port } = lost
    await lost.close()
    await published.expose('own', [port])
    const { clusters, answer } = await start(share('own', 1), share('west', 0))
    await untilWhole(clusters)
    await waitFor('west to stand in', answer, (body) => body === 'west')
    await published.expose('own', [own.port])
  })

  test('addresses outside its blocks are not dialled for a cluster', async () => {
    const { clusters, answer } = await start(share('own', 0), share('west', 1, '10.1.0.0/16'))
    await untilWhole(clusters)
    expect(clusters.routes()).toMatchObject([
      { cluster: 'own', host: HOST, endpoints: 1 },
      { cluster: 'west', host: HOST, endpoints: 0 },
    ])
    for (let i = 0; i < 20; i++) expect(await answer()).toBe('own')
  })

  test('a cluster that nobody has published keeps the own one from nothing', async () => {
    const { clusters, answer } = await start(share('own', 1), share('east', 1))
    await waitFor(
      'the own cluster',
      () => clusters.isLoaded,
      (is) => is,
    )
    expect(await answer()).toBe('own')
    expect(clusters.statuses()).toMatchObject([
      { name: 'own', weight: 1, source: 'registry' },
      { name: 'east', source: null, position: null },
    ])
  })

  test('the others alone make no gateway ready', async () => {
    const { clusters } = await start(share('nobody', 1), share('west', 1))
    await waitFor(
      'west',
      () => clusters.routes().length,
      (count) => count === 1,
    )
    expect([clusters.isLoaded, clusters.hasGoodTable]).toEqual([false, false])
  })

  test('the agent of one cluster can be kept from the others by its user of Redis', async () => {
    const acl = readFileSync(new URL('../../infra/redis/users.acl', import.meta.url), 'utf8')
    const [, rules = ''] = /^user agent on >\S+ (.*)$/m.exec(acl) ?? []
    const kept = rules.replace('~postern:*', '~postern:{south}:*').split(' ')
    redis.cli('acl', 'setuser', 'south', 'on', '>south-password', ...kept)
    const agent = new RedisClusters(redis.url.replace('//', '//south:south-password@'))
    closers.push(() => agent.close())
    await agent.expose('south', [west.port])
    expect(redis.cli('hexists', 'postern:{south}:head', 'text')).toBe('1')
    const before = redis.cli('hget', 'postern:{own}:head', 'text')
    await expect(agent.expose('own', [west.port])).rejects.toThrow('NOPERM')
    expect(redis.cli('hget', 'postern:{own}:head', 'text')).toBe(before)
  })

  test('a Node of any of them is nowhere that a name outside may lead', async () => {
    await published.publish('west', [nodeRecord('node-9')])
    const { clusters } = await start(share('own', 1), share('west', 0))
    await waitFor(
      'the node',
      () => clusters.isNode('192.0.2.1'),
      (is) => is,
    )
    expect(clusters.isNode('192.0.2.2')).toBe(false)
  })

  test('what goes wrong names its cluster, and stops no other', async () => {
    redis.cli('hset', 'postern:{broken}:head', 'text', 'nonsense')
    const { clusters, answer } = await start(share('own', 1), share('broken', 1))
    await waitFor(
      'a word of it',
      () => troubles,
      (all) => all.some((text) => text.startsWith('In cluster broken: ')),
    )
    await waitFor(
      'the own cluster',
      () => clusters.isLoaded,
      (is) => is,
    )
    expect(await answer()).toBe('own')
  })
})
