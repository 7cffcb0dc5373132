import * as v from 'valibot'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { deploy, waitForReady } from '../cluster/deploy.ts'
import { onCluster } from '../cluster/on-cluster.ts'
import { agentKubeconfig, runAgent } from '../cluster/postern.ts'
import { readPods } from '../cluster/reads.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { workloadYaml } from '../cluster/workload.ts'
import { type AgentProcess, type ServingProcess, startServing } from '../support/postern-process.ts'
import { freePort, type RedisServer, startRedis } from '../support/redis.ts'
import { ask, SteadyLoad } from '../support/steady-load.ts'
import { type Backend, startTcpBalancer } from '../support/tcp-balancer.ts'

const HOST = 'web.shop.apps.test'
const CLIENTS = 8
const answerSchema = v.object({ pod: v.string() })

onCluster('every part is killed in turn, under clients that never retry', (cluster) => {
  let redis: RedisServer
  let kubeconfig: { file: string; remove(): void }
  let agent: AgentProcess
  const backends: Backend[] = []
  const gateways: ServingProcess[] = []
  let balancer: { stop(): void }
  let port: number
  let load: SteadyLoad

  const startGateway = ({ port: listen, healthPort }: Backend) =>
    startServing([
      ...['gateway', '--redis', redis.url, '--drain-delay', '500ms'],
      ...['--listen', `127.0.0.1:${listen}`, '--console', `127.0.0.1:${healthPort}`],
    ])

  beforeAll(async () => {
    redis = await startRedis()
    kubeconfig = await agentKubeconfig(cluster())
    const serviceAnnotations = { 'postern.dev/expose': 'true' }
    const yaml = workloadYaml({ replicas: 3, preStopSeconds: 1, serviceAnnotations })
    await deploy(cluster(), yaml, { namespace: 'shop', count: 3 })
    agent = await runAgent(kubeconfig.file, redis.url)
    for (let i = 0; i < 2; i++) backends.push({ port: await freePort(), healthPort: await freePort() })
    gateways.push(...(await Promise.all(backends.map(startGateway))))
    port = await freePort()
    balancer = await startTcpBalancer(port, backends)
    load = new SteadyLoad(() => port, [HOST], CLIENTS)
    await waitForPods()
  }, 120_000)
  afterEach(async () => {
    await load.answers(100)
    expect(takeFailures()).toEqual([])
  })
  afterAll(async () => {
    await load.stop()
    balancer.stop()
    await Promise.all([agent.stop('SIGKILL'), ...gateways.map((gateway) => gateway.stop('SIGKILL'))])
    await redis.kill()
    kubeconfig.remove()
  })

  async function scale(replicas: number): Promise<void> {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' }
    await cluster().objects.scale(deployment, replicas)
    await waitForReady(cluster(), { namespace: 'shop', count: replicas })
  }

  /** Both gateways send to exactly the Pods that are ready. */
  async function waitForPods(): Promise<void> {
    await waitFor(
      'both gateways to know the ready Pods',
      async () => {
        const pods = await readPods(cluster(), 'shop')
        const ready = pods.filter((pod) => pod.isReady && !pod.isTerminating).map(({ name }) => name)
        const behind = await Promise.all(backends.map((backend) => podsBehind(backend.port)))
        return [ready.join(' '), ...behind]
      },
      ([ready, ...behind]) => behind.every((names) => names === ready),
      { timeoutMs: 60_000 },
    )
  }

  async function podsBehind(gatewayPort: number): Promise<string> {
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(gatewayPort, HOST, '/')))
    const pods = answers.map(({ status, body }) =>
      status === 200 ? v.parse(answerSchema, JSON.parse(body)).pod : `status ${status}`,
    )
    return [...new Set(pods)].sort().join(' ')
  }

  /** Failures until now, taken off the list. */
  const takeFailures = (): string[] => load.failures.splice(0)

  test('the agent is killed: what was published goes on; a new one catches up', async () => {
    await agent.stop('SIGKILL')
    await load.answers(200)
    await scale(4)
    agent = await runAgent(kubeconfig.file, redis.url)
    await waitForPods()
  })

  test('Redis is killed and comes back empty: gateways go on, the agent repairs it', async () => {
    await redis.kill()
    await load.answers(200)
    await scale(3)
    await redis.start()
    await waitForPods()
  })

  test('Redis is flushed', async () => {
    redis.cli('FLUSHALL')
    await load.answers(200)
    await scale(5)
    await waitForPods()
  })

  test('Redis hangs for a while', async () => {
    redis.freeze()
    await load.answers(200)
    await scale(4)
    redis.thaw()
    await waitForPods()
  })

  test('the API server is killed, and comes back', async () => {
    await cluster().plane.kill('kube-apiserver')
    await load.answers(200)
    await cluster().plane.restart('kube-apiserver')
    await scale(3)
    await waitForPods()
  })

  test('etcd and the API server are killed together', async () => {
    await cluster().plane.kill('kube-apiserver')
    await cluster().plane.kill('etcd')
    await load.answers(200)
    await cluster().plane.restart('etcd')
    await cluster().plane.restart('kube-apiserver')
    await scale(4)
    await waitForPods()
  })

  test('a gateway is stopped with SIGTERM: nothing is lost', async () => {
    const [backend] = backends
    if (backend === undefined) throw new Error('no gateway')
    expect(await gateways[0]?.stop('SIGTERM')).toBe(0)
    await load.answers(200)
    gateways[0] = await startGateway(backend)
    await waitForPods()
  })

  test('a gateway is killed: no more fails than was under way there', async () => {
    const [, backend] = backends
    if (backend === undefined) throw new Error('no gateway')
    await gateways[1]?.stop('SIGKILL')
    await load.answers(200)
    gateways[1] = await startGateway(backend)
    await waitForPods()
    const failures = takeFailures()
    console.log(`SIGKILLed gateway: ${failures.length} of ${CLIENTS} under way failed`)
    expect(failures.length).toBeLessThanOrEqual(CLIENTS)
  })

  test('a Pod dies: idempotent requests go elsewhere, no more of the others fail than were under way', async () => {
    const posts = new SteadyLoad(() => port, [HOST], CLIENTS, 'POST')
    await posts.answers(100)
    const [victim] = await readPods(cluster(), 'shop')
    cluster().nodes.crash('shop', victim?.name ?? '')
    await waitForPods()
    await posts.answers(100)
    await posts.stop()
    const cut = takeFailures()
    console.log(
      `Pod that died: ${cut.length} GETs and ${posts.failures.length} POSTs of ${CLIENTS} each failed`,
    )
    // Only replies that had begun may be cut.
    for (const failure of cut) expect(failure).toMatch(/aborted|ECONNRESET/)
    expect(cut.length).toBeLessThanOrEqual(CLIENTS)
    expect(posts.failures.length).toBeLessThanOrEqual(CLIENTS)
  })

  test('a rolling update under load loses nothing', async () => {
    const serviceAnnotations = { 'postern.dev/expose': 'true' }
    const yaml = workloadYaml({
      replicas: 4,
      preStopSeconds: 1,
      serviceAnnotations,
      podLabels: { release: 'next' },
    })
    await cluster().objects.apply(yaml, { namespace: 'shop' })
    await waitFor(
      'only new Pods to be left',
      () => readPods(cluster(), 'shop', 'labelSelector=release%3Dnext'),
      (pods) => pods.filter(({ isReady }) => isReady).length === 4,
    )
    await waitForPods()
  })
})
