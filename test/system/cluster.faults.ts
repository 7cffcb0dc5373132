import { expect, test } from 'vitest'
import { onCluster } from '../cluster/on-cluster.ts'
import { readPods } from '../cluster/reads.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { workloadYaml } from '../cluster/workload.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { CLIENTS, EXPOSED, faultRig, HOST } from './fault-rig.ts'

onCluster('every part is killed in turn, under clients that never retry', (cluster) => {
  let redis: RedisServer
  const rig = faultRig(cluster, async () => {
    redis = await startRedis()
    return { url: redis.url, close: () => redis.kill() }
  })

  test('the agent is killed: what was published goes on; a new one catches up', async () => {
    await rig.agent().stop('SIGKILL')
    await rig.load().answers(200)
    await rig.scale(4)
    await rig.replaceAgent()
    await rig.settle()
  })

  test('Redis is killed and comes back empty: gateways go on, the agent repairs it', async () => {
    await redis.kill()
    await rig.load().answers(200)
    await rig.scale(3)
    await redis.start()
    await rig.settle()
  })

  test('Redis is flushed', async () => {
    redis.cli('FLUSHALL')
    await rig.load().answers(200)
    await rig.scale(5)
    await rig.settle()
  })

  test('Redis hangs for a while', async () => {
    redis.freeze()
    await rig.load().answers(200)
    await rig.scale(4)
    redis.thaw()
    await rig.settle()
  })

  test('the API server is killed, and comes back', async () => {
    await cluster().plane.kill('kube-apiserver')
    await rig.load().answers(200)
    await cluster().plane.restart('kube-apiserver')
    await rig.scale(3)
    await rig.settle()
  })

  test('etcd and the API server are killed together', async () => {
    await cluster().plane.kill('kube-apiserver')
    await cluster().plane.kill('etcd')
    await rig.load().answers(200)
    await cluster().plane.restart('etcd')
    await cluster().plane.restart('kube-apiserver')
    await rig.scale(4)
    await rig.settle()
  })

  test('a gateway is stopped with SIGTERM: nothing is lost', async () => {
    expect(await rig.gateways[0]?.stop('SIGTERM')).toBe(0)
    await rig.load().answers(200)
    await rig.startGateway(0)
    await rig.settle()
  })

  test('a gateway is killed: no more fails than was under way there', async () => {
    await rig.gateways[1]?.stop('SIGKILL')
    await rig.load().answers(200)
    await rig.startGateway(1)
    await rig.settle()
    const failures = rig.takeFailures()
    console.log(`SIGKILLed gateway: ${failures.length} of ${CLIENTS} under way failed`)
    expect(failures.length).toBeLessThanOrEqual(CLIENTS)
  })

  test('a Pod dies: idempotent requests go elsewhere, no more of the others fail than were under way', async () => {
    const posts = new SteadyLoad(rig.port, [HOST], CLIENTS, { method: 'POST' })
    await posts.answers(100)
    const [victim] = await readPods(cluster(), 'shop')
    cluster().nodes.crash('shop', victim?.name ?? '')
    await rig.settle()
    await posts.answers(100)
    await posts.stop()
    const cut = rig.takeFailures()
    console.log(
      `Pod that died: ${cut.length} GETs and ${posts.failures.length} POSTs of ${CLIENTS} each failed`,
    )
    // Only replies that had begun may be cut.
    for (const failure of cut) expect(failure).toMatch(/aborted|ECONNRESET/)
    expect(cut.length).toBeLessThanOrEqual(CLIENTS)
    expect(posts.failures.length).toBeLessThanOrEqual(CLIENTS)
  })

  test('a rolling update under load loses nothing', async () => {
    const yaml = workloadYaml({
      replicas: 4,
      preStopSeconds: 1,
      serviceAnnotations: EXPOSED,
      podLabels: { release: 'next' },
    })
    await cluster().objects.apply(yaml, { namespace: 'shop' })
    await waitFor(
      'only new Pods to be left',
      () => readPods(cluster(), 'shop', 'labelSelector=release%3Dnext'),
      (pods) => pods.filter(({ isReady }) => isReady).length === 4,
    )
    await rig.settle()
  })
})
