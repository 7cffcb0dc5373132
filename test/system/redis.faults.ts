import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { onCluster } from '../cluster/on-cluster.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { type RedisSet, startRedisCluster, startSentinelSet } from '../support/redis-shapes.ts'
import { startToxic, type Toxic, toxiproxy } from '../support/toxic.ts'
import { faultRig } from './fault-rig.ts'

if (toxiproxy === undefined) console.warn('Skipped: a Redis that is not well: there is no toxiproxy')
else
  onCluster('a Redis that is not well, under clients that never retry', (cluster) => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-redis-'))
    let redis: RedisServer
    let toxic: Toxic
    const rig = faultRig(cluster, async () => {
      redis = await startRedis(['--dir', folder, '--dbfilename', 'dump.rdb'])
      toxic = await startToxic(redis.port)
      return {
        url: `redis://127.0.0.1:${toxic.port}`,
        close: async () => {
          await toxic.stop()
          await redis.kill()
        },
      }
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    const agentSays = (words: string) =>
      waitFor(
        `the agent to say ${words}`,
        () => rig.agent().said(),
        (said) => said.includes(words),
      )

    test('it is out of memory: writes wait, and go out when there is room', async () => {
      redis.cli('CONFIG', 'SET', 'maxmemory', '1')
      await rig.scale(4)
      await agentSays('OOM command not allowed')
      await rig.load().answers(200)
      redis.cli('CONFIG', 'SET', 'maxmemory', '0')
      await rig.settle()
    })

    test('it evicts: what is incomplete is refused, and written anew', async () => {
      redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random')
      redis.cli('CONFIG', 'SET', 'maxmemory', '1')
      // Redis evicts when it is written to.
      await waitFor(
        'keys to be evicted',
        () => redis.cli('INFO', 'stats'),
        (stats) => !stats.includes('evicted_keys:0'),
        { timeoutMs: 30_000 },
      )
      await rig.load().answers(200)
      redis.cli('CONFIG', 'SET', 'maxmemory', '0')
      redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
      await rig.scale(3)
      await rig.settle()
    })

    test('it is read-only: the agent says so, and goes on when it may write', async () => {
      redis.cli('REPLICAOF', '127.0.0.1', '1')
      await rig.scale(4)
      await agentSays('READONLY')
      await rig.load().answers(200)
      redis.cli('REPLICAOF', 'NO', 'ONE')
      await rig.settle()
    })

    test('an older dump is restored', async () => {
      redis.cli('SAVE')
      copyFileSync(join(folder, 'dump.rdb'), join(folder, 'older.rdb'))
      await rig.scale(2)
      await rig.settle()
      await redis.kill()
      copyFileSync(join(folder, 'older.rdb'), join(folder, 'dump.rdb'))
      await redis.start()
      await rig.settle()
    })

    test('it is slow: two seconds later everything is as it should be', async () => {
      await toxic.add({ name: 'slow', type: 'latency', attributes: { latency: 1000, jitter: 500 } })
      await rig.scale(4)
      await rig.load().answers(200)
      await rig.settle()
      await toxic.remove('slow')
    })

    test('the agent is killed in the middle of a publish: it was written, and nobody was told', async () => {
      const revision = () => redis.cli('HGET', 'postern:{default}:head', 'revision')
      await toxic.add({ name: 'deaf', type: 'timeout', attributes: { timeout: 0 } })
      const before = revision()
      await rig.scale(5)
      await waitFor('a publish to be written', revision, (now) => now !== before)
      await rig.agent().stop('SIGKILL')
      await toxic.remove('deaf')
      await rig.load().answers(200)
      await rig.replaceAgent()
      await rig.settle()
    })

    test('its answers are cut in the middle, again and again', async () => {
      await toxic.add({ name: 'cut', type: 'limit_data', attributes: { bytes: 700 } })
      await rig.scale(3)
      await rig.load().answers(200)
      await toxic.remove('cut')
      await rig.settle()
    })

    test('the way to it is gone, and a gateway is restarted once it is back', async () => {
      await toxic.setEnabled(false)
      await rig.scale(2)
      await rig.load().answers(200)
      await toxic.setEnabled(true)
      expect(await rig.gateways[0]?.stop('SIGTERM')).toBe(0)
      await rig.startGateway(0)
      await rig.settle()
    })
  })

for (const [name, start] of [
  ['Sentinel', startSentinelSet],
  ['Redis Cluster', startRedisCluster],
] as const) {
  onCluster(`${name} under clients that never retry`, (cluster) => {
    let set: RedisSet
    const rig = faultRig(cluster, async () => {
      set = await start()
      return set
    })

    test('the master is lost, and with it writes that it had acknowledged', async () => {
      const master = set.master()
      const replicas = set.servers.filter((server) => server.cli('role').includes(`${master.port}`))
      expect(replicas.length).toBe(1)
      for (const replica of replicas) replica.freeze()
      const before = master.cli('HGET', 'postern:{default}:head', 'revision')
      await rig.scale(4)
      await waitFor(
        'the master to have acknowledged a write',
        () => master.cli('HGET', 'postern:{default}:head', 'revision'),
        (revision) => Number(revision) > Number(before),
      )
      await master.kill()
      for (const replica of replicas) replica.thaw()
      await rig.load().answers(200)
      await rig.settle()
      expect(set.master().port).not.toBe(master.port)
    })
  })
}
