import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { type AgentProcess, type ServingProcess, startServing } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { deploy, waitForReady } from './deploy.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig, runAgent } from './postern.ts'
import { readPods, readSlices } from './reads.ts'
import { waitFor } from './wait-for.ts'
import { workloadYaml } from './workload.ts'

const EXPOSED = { 'postern.dev/expose': 'true' }
const problemsSchema = v.object({ problems: v.array(v.object({ code: v.string(), name: v.string() })) })
const answerSchema = v.object({ pod: v.string(), labels: v.record(v.string(), v.string()) })

onCluster('a Deployment with an annotated Service, through gateways that know only Redis', (cluster) => {
  let redis: RedisServer
  let agent: AgentProcess
  let gateways: readonly ServingProcess[] = []
  let removeKubeconfig = (): void => {}

  beforeAll(async () => {
    redis = await startRedis()
    const { file, remove } = await agentKubeconfig(cluster())
    removeKubeconfig = remove
    agent = await runAgent(file, redis.url)
    gateways = await Promise.all([1, 2].map(() => startServing(['gateway', '--redis', redis.url])))
  }, 60_000)
  afterAll(async () => {
    expect(await Promise.all([agent.stop(), ...gateways.map((gateway) => gateway.stop())])).toEqual([0, 0, 0])
    await redis.kill()
    removeKubeconfig()
  })

  /** What each gateway answers. */
  async function statuses(host: string, path = '/'): Promise<number[]> {
    return await Promise.all(gateways.map(async ({ port }) => (await send({ port, host, path })).status))
  }

  /** Which Pods answer through each gateway, asked often enough to meet each. */
  async function podsBehind(host: string): Promise<string[]> {
    const asked = gateways.flatMap(({ port }) => Array.from({ length: 20 }, () => send({ port, host })))
    const answers = (await Promise.all(asked)).map(({ status, body }) =>
      status === 200 ? v.parse(answerSchema, JSON.parse(body)).pod : `status ${status}`,
    )
    return [...new Set(answers)].sort()
  }

  const until = (what: string, host: string, wanted: number, path = '/') =>
    waitFor(
      what,
      () => statuses(host, path),
      (seen) => seen.every((status) => status === wanted),
    )

  async function untilServedBy(
    what: string,
    host: string,
    names: () => Promise<readonly string[]>,
  ): Promise<void> {
    await waitFor(
      what,
      async () => [(await podsBehind(host)).join(' '), (await names()).join(' ')],
      ([behind, wanted]) => behind === wanted,
    )
  }

  const readyPods = (namespace: string, query?: string) => async () =>
    (await readPods(cluster(), namespace, query))
      .filter((pod) => pod.isReady && !pod.isTerminating)
      .map(({ name }) => name)

  test('answers on its hostname, from every Pod that the real controller lists', async () => {
    const yaml = workloadYaml({ replicas: 3, serviceAnnotations: EXPOSED })
    await deploy(cluster(), yaml, { namespace: 'shop', count: 3 })
    const [slice] = await readSlices(cluster(), 'shop', 'web')
    expect(slice?.metadata.labels['endpointslice.kubernetes.io/managed-by']).toBe(
      'endpointslice-controller.k8s.io',
    )
    await untilServedBy('three Pods to answer', 'web.shop.apps.test', readyPods('shop'))
    expect(await agent.isReady()).toBe(true)
  })

  test('scaling is followed', async () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' }
    await cluster().objects.scale(deployment, 5)
    await waitForReady(cluster(), { namespace: 'shop', count: 5 })
    await untilServedBy('five Pods to answer', 'web.shop.apps.test', readyPods('shop'))
    await cluster().objects.scale(deployment, 2)
    await waitForReady(cluster(), { namespace: 'shop', count: 2 })
    await untilServedBy('two Pods to answer', 'web.shop.apps.test', readyPods('shop'))
  })

  test('a rolling update is followed: afterwards only new Pods answer', async () => {
    const before = await readyPods('shop')()
    const yaml = workloadYaml({ replicas: 2, serviceAnnotations: EXPOSED, podLabels: { release: 'next' } })
    await cluster().objects.apply(yaml, { namespace: 'shop' })
    await untilServedBy(
      'the new Pods to answer',
      'web.shop.apps.test',
      readyPods('shop', 'labelSelector=release%3Dnext'),
    )
    const after = await podsBehind('web.shop.apps.test')
    expect(after).toHaveLength(2)
    expect(after.filter((name) => before.includes(name))).toEqual([])
  })

  test('a Pod that is relabelled leaves its Service', async () => {
    const [name = ''] = await readyPods('shop')()
    const pod = { apiVersion: 'v1', kind: 'Pod', name, namespace: 'shop' }
    await cluster().objects.patch(pod, { metadata: { labels: { app: 'elsewhere' } } })
    await waitFor(
      'the Pod to leave',
      () => podsBehind('web.shop.apps.test'),
      (pods) => !pods.includes(name) && pods.length === 2,
    )
  })

  test('re-annotating moves the host, and taking the annotation away closes it', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' }
    const annotate = (annotations: Record<string, string | null>) =>
      cluster().objects.patch(service, { metadata: { annotations } })
    await annotate({ 'postern.dev/host': 'shop.example.com', 'postern.dev/path': '/store' })
    await until('the new place to answer', 'shop.example.com', 200, '/store/x')
    await until('the old host to be unknown', 'web.shop.apps.test', 404)
    await annotate({ 'postern.dev/expose': null })
    await until('the host to be unknown', 'shop.example.com', 404, '/store/x')
    await annotate({ 'postern.dev/expose': 'true', 'postern.dev/host': null, 'postern.dev/path': null })
    await until('the first host to answer again', 'web.shop.apps.test', 200)
  })

  test('a wrong annotation is a problem on every console, and the rest goes on', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' }
    await cluster().objects.patch(service, { metadata: { annotations: { 'postern.dev/timeout': 'soon' } } })
    for (const { console } of gateways) {
      await waitFor(
        'the problem',
        async () => (await (await fetch(`${console}/api/problems`)).json()).problems,
        (problems) => problems.some(({ code }: { code: string }) => code === 'annotation-invalid'),
      )
    }
    expect(await statuses('web.shop.apps.test')).toEqual([200, 200])
    await cluster().objects.patch(service, { metadata: { annotations: { 'postern.dev/timeout': null } } })
  })

  test('a NetworkPolicy decides on clients as soon as it is there', async () => {
    const policy = (cidr: string) =>
      JSON.stringify({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'guests' },
        spec: { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ ipBlock: { cidr } }] }] },
      })
    await cluster().objects.apply(policy('203.0.113.0/24'), { namespace: 'shop' })
    await until('this client to be refused', 'web.shop.apps.test', 403)
    await cluster().objects.apply(policy('127.0.0.0/8'), { namespace: 'shop' })
    await until('this client to be admitted', 'web.shop.apps.test', 200)
  })

  test('an EndpointSlice that lends our reach is refused, and told', async () => {
    const stolen = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'stolen', labels: { 'kubernetes.io/service-name': 'thief' } },
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080 }],
      endpoints: [{ addresses: [(await readPods(cluster(), 'shop'))[0]?.address ?? ''] }],
    }
    const thief = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'thief', annotations: EXPOSED },
      spec: { ports: [{ port: 80 }] },
    }
    await cluster().createNamespace('evil')
    await cluster().objects.apply([thief, stolen].map((object) => JSON.stringify(object)).join('\n---\n'), {
      namespace: 'evil',
    })
    await until('the thief to have nothing', 'thief.evil.apps.test', 503)
    // The Service may be published before its slice.
    await waitFor(
      'the problem on the slice',
      async () => v.parse(problemsSchema, await (await fetch(`${gateways[0]?.console}/api/problems`)).json()),
      ({ problems }) => problems.some(({ code, name }) => code === 'endpoint-refused' && name === 'stolen'),
    )
  })

  test('deleting the Service closes its host', async () => {
    await cluster().objects.delete({ apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' })
    await until('the host to be unknown', 'web.shop.apps.test', 404)
  })
})
