import { afterEach, describe, expect, test } from 'vitest'
import { systemRandom } from '../../src/model/clock.node.ts'
import { comparePositions } from '../../src/model/position.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { frozenClock, route } from '../contract/registry-samples.ts'
import { startFollowing } from '../support/following.ts'
import { signedHeads, signer } from '../support/keys.ts'
import { hasRedis } from '../support/redis.ts'
import { type RedisSet, startRedisCluster, startSentinelSet } from '../support/redis-shapes.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A publisher and a follower of a set, in step. */
async function inStep(start: () => Promise<RedisSet>) {
  const set = await start()
  closers.push(set.close)
  const connect = (): RedisRegistry => {
    const registry = new RedisRegistry({
      url: set.url,
      cluster: 'default',
      heads: signedHeads,
      random: systemRandom,
    })
    closers.push(() => registry.close())
    return registry
  }
  const publisher = new Publisher({
    writer: connect(),
    cluster: 'default',
    clock: frozenClock,
    heads: signer,
  })
  await publisher.publish([route('a', '1'), route('b', '1')], 1)
  const follower = startFollowing(connect())
  closers.push(follower.stop)
  await follower.until(() => follower.records.size === 2)
  let observedAt = 1
  /** As the agent does: what could not be written goes out with the next heartbeat. */
  const publishUntilDone = async (...changes: Parameters<Publisher['publish']>[0]): Promise<void> => {
    observedAt++
    await publisher.publish(changes, observedAt).catch(() => 0)
    await waitFor(
      'a heartbeat to be written',
      () =>
        publisher.heartbeat(observedAt).then(
          () => 'written',
          (error: Error) => error.message,
        ),
      (outcome) => outcome === 'written',
      { timeoutMs: 30_000 },
    )
  }
  return { set, publisher, follower, publishUntilDone }
}

describe.skipIf(!hasRedis).each([
  ['Sentinel', startSentinelSet],
  ['Redis Cluster', startRedisCluster],
])('%s', (_name, start) => {
  test('a master that is killed: publisher and follower go on at the one that was promoted', async () => {
    const { set, follower, publishUntilDone } = await inStep(start)
    const master = set.master()
    await master.kill()
    await publishUntilDone(route('a', '2'), route('c', '1'))
    await follower.until(() => follower.records.get('a') === '2' && follower.records.has('c'))
    expect(set.master().port).not.toBe(master.port)
    expect(Object.fromEntries(follower.records)).toEqual({ a: '2', b: '1', c: '1' })
  }, 90_000)

  test('writes that were acknowledged and lost are written again, and no follower goes back', async () => {
    const { set, publisher, follower, publishUntilDone } = await inStep(start)
    const master = set.master()
    const replicas = set.servers.filter((server) => server.cli('role').includes(`${master.port}`))
    expect(replicas.length).toBe(1)
    for (const replica of replicas) replica.freeze()
    await publisher.publish([route('a', 'lost'), route('b', null)], 2)
    await follower.until(() => follower.records.get('a') === 'lost')
    await master.kill()
    for (const replica of replicas) replica.thaw()
    await publishUntilDone(route('c', '1'))
    await follower.until(() => follower.records.has('c'))
    expect(Object.fromEntries(follower.records)).toEqual({ a: 'lost', c: '1' })
    const positions = follower.heads.map((head) => head.position)
    expect(positions).toEqual(positions.toSorted(comparePositions))
    expect(new Set(positions.map(({ epoch }) => epoch)).size).toBe(2)
  }, 90_000)
})
