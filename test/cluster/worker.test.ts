import * as v from 'valibot'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { send } from '../support/http.ts'
import { keyBindings } from '../support/keys.ts'
import type { AgentProcess, PosternProcess } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { startRelayOn } from '../support/relay-process.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { bundleWorker, startWorkerd, type WorkerBundle, type Workerd } from '../support/workerd.ts'
import { deploy, waitForReady } from './deploy.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig, runAgent } from './postern.ts'
import { readPods } from './reads.ts'
import { waitFor } from './wait-for.ts'
import { workloadYaml } from './workload.ts'

const HOST = 'web.shop.apps.test'
const TOKEN = 'worker-token-0123456789'
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' }
const answerSchema = v.object({ pod: v.string() })

onCluster('client → workerd → Pods, with agent, Redis and relay', (cluster) => {
  const closers: (() => unknown)[] = []
  let redis: RedisServer
  let agent: AgentProcess
  let relayPort: number
  let relay: PosternProcess
  let bundle: WorkerBundle
  let workerd: Workerd
  let load: SteadyLoad

  const startRelay = async (): Promise<void> => {
    relay = await startRelayOn({ redis: redis.url, token: TOKEN, port: relayPort })
  }

  beforeAll(async () => {
    bundle = bundleWorker()
    closers.push(() => bundle.remove())
    redis = await startRedis()
    closers.push(() => redis.kill())
    const { file, remove } = await agentKubeconfig(cluster())
    closers.push(remove)
    agent = await runAgent(file, redis.url)
    closers.push(() => agent.stop())
    relayPort = await freePort()
    await startRelay()
    closers.push(() => relay.stop('SIGKILL'))
    workerd = await startWorkerd({
      script: bundle.script,
      bindings: {
        ...keyBindings,
        RELAY_URL: `http://127.0.0.1:${relayPort}`,
        RELAY_TOKEN: TOKEN,
        PODS: 'direct',
        FOLLOW: 'on',
        REFRESH: '500ms',
        UNKNOWN_FOR: '500ms',
      },
    })
    closers.push(() => workerd.stop())
    await deploy(
      cluster(),
      workloadYaml({ replicas: 3, serviceAnnotations: { 'postern.dev/expose': 'true' } }),
      {
        namespace: 'shop',
        count: 3,
      },
    )
    await untilServedByReady('three Pods to answer')
    load = new SteadyLoad(() => workerd.port, [HOST])
    closers.push(() => load.stop())
  }, 90_000)
  afterEach(() => expect(load.failures).toEqual([]))
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close()
    expect(load.answered).toBeGreaterThan(100)
  })

  /** Which Pods answer, asked often enough to meet each. */
  async function podsBehind(): Promise<string> {
    const asked = Array.from({ length: 40 }, () => send({ port: workerd.port, host: HOST }))
    const answers = (await Promise.all(asked)).map(({ status, body }) =>
      status === 200 ? v.parse(answerSchema, JSON.parse(body)).pod : `status ${status}`,
    )
    return [...new Set(answers)].sort().join(' ')
  }

  async function readyPods(): Promise<string> {
    const pods = await readPods(cluster(), 'shop')
    const ready = pods.filter((pod) => pod.isReady && !pod.isTerminating)
    return ready.map(({ name }) => name).join(' ')
  }

  const untilServedByReady = (what: string) =>
    waitFor(
      what,
      async () => [await podsBehind(), await readyPods()],
      ([behind, ready]) => behind === ready,
    )

  async function scale(count: number): Promise<void> {
    await cluster().objects.scale(DEPLOYMENT, count)
    await waitForReady(cluster(), { namespace: 'shop', count })
  }

  test('scaling is followed, both ways', async () => {
    await scale(5)
    await untilServedByReady('five Pods to answer')
    await scale(2)
    await untilServedByReady('two Pods to answer')
  })

  test('a relay that is away takes nothing away, and one that is back is followed', async () => {
    await relay.stop('SIGKILL')
    await load.answers(200)
    await startRelay()
    await scale(4)
    await untilServedByReady('four Pods to answer')
  })

  test('a Redis that is lost takes nothing away, and one that starts empty is filled again', async () => {
    await redis.kill()
    await load.answers(200)
    await redis.start()
    await scale(3)
    await untilServedByReady('three Pods to answer')
  }, 60_000)

  test('an isolate that starts while Redis is away gets what the relay holds', async () => {
    await load.stop()
    await redis.kill()
    await workerd.stop()
    workerd = await startWorkerd({
      script: bundle.script,
      bindings: {
        ...keyBindings,
        RELAY_URL: `http://127.0.0.1:${relayPort}`,
        RELAY_TOKEN: TOKEN,
        PODS: 'direct',
      },
    })
    expect((await send({ port: workerd.port, host: HOST })).status).toBe(200)
    await redis.start()
  })

  test('a Service that is no longer exposed is closed', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' }
    await cluster().objects.patch(service, { metadata: { annotations: { 'postern.dev/expose': null } } })
    await waitFor(
      'the host to be unknown',
      async () => (await send({ port: workerd.port, host: HOST })).status,
      (status) => status === 404,
      { timeoutMs: 40_000 },
    )
  }, 60_000)
})
