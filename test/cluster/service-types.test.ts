import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { hasNameServer, type NameServer, startNameServer } from '../support/name-server.ts'
import { PodServers } from '../support/pods.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { startRedis } from '../support/redis.ts'
import { deploy } from './deploy.ts'
import { READY_ANNOTATION } from './kubelet.ts'
import { NodePortProxy } from './node-port-proxy.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig, runAgent } from './postern.ts'
import { readPods } from './reads.ts'
import { waitFor } from './wait-for.ts'
import { workloadYaml } from './workload.ts'

const EXPOSED = { 'postern.dev/expose': 'true' }
/** Outside the cluster: no Pod's, and no Node's. */
const [OUTSIDE, BEYOND, NAMED] = ['10.244.13.1', '10.244.14.1', '10.244.13.2']
const answerSchema = v.object({ pod: v.string() })

onCluster('each type of Service answers', (cluster) => {
  const closers: (() => unknown)[] = []
  const outside = new PodServers()
  let dns: NameServer | undefined
  let gateway: ServingProcess

  beforeAll(async () => {
    const redis = await startRedis()
    closers.push(() => redis.kill())
    const { file, remove } = await agentKubeconfig(cluster())
    closers.push(remove)
    const agent = await runAgent(file, redis.url, [
      ...['--allow-external-names', 'true', '--allow-endpoint-cidrs', '10.244.13.0/24'],
    ])
    closers.push(() => agent.stop())
    closers.push(() => outside.close())
    for (const address of [OUTSIDE, BEYOND, NAMED]) await outside.start(address, address, 8080)
    dns = hasNameServer ? await startNameServer() : undefined
    closers.push(() => dns?.stop())
    const names = dns === undefined ? [] : ['--name-server', dns.address]
    const external = [...names, '--allow-external-cidrs', '10.244.13.0/24']
    gateway = await startServing(['gateway', '--redis', redis.url, ...external])
    closers.push(() => gateway.stop())
  }, 60_000)
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  /** The Pod that answers on a host, else the status. */
  async function answerOn(host: string): Promise<string | number> {
    const { status, body } = await send({ port: gateway.port, host })
    return status === 200 ? v.parse(answerSchema, JSON.parse(body)).pod : status
  }

  const until = (host: string, wanted: string | number) =>
    waitFor(
      `${host} to answer ${wanted}`,
      () => answerOn(host),
      (answer) => answer === wanted,
    )

  /** Who answers on a host, asked until all these have: nobody else may. */
  async function untilAll(host: string, wanted: readonly string[]): Promise<void> {
    await until(host, wanted[0] ?? 404)
    const seen = new Set<string | number>()
    await waitFor(
      `all of ${wanted.join(', ')} to answer on ${host}`,
      async () => seen.add(await answerOn(host)).size,
      (size) => size === wanted.length,
    )
    expect([...seen].sort()).toEqual([...wanted].sort())
  }

  const podsOf = async (namespace: string) => (await readPods(cluster(), namespace)).map(({ name }) => name)

  test('ClusterIP: all its Pods', async () => {
    const yaml = workloadYaml({ replicas: 2, serviceAnnotations: EXPOSED })
    await deploy(cluster(), yaml, { namespace: 'plain', count: 2 })
    await untilAll('web.plain.apps.test', await podsOf('plain'))
  })

  test('headless: all Pods by the name of the Service, and each by its own', async () => {
    const yaml = workloadYaml({
      ...{ name: 'db', kind: 'StatefulSet', replicas: 2, isHeadless: true },
      serviceAnnotations: EXPOSED,
    })
    await deploy(cluster(), yaml, { namespace: 'data', service: 'db', count: 2 })
    await untilAll('db.data.apps.test', ['db-0', 'db-1'])
    for (const pod of ['db-0', 'db-1']) await untilAll(`${pod}.db.data.apps.test`, [pod])
  })

  test('LoadBalancer: its Pods, of our class with no annotation, and of no other', async () => {
    const balancer = (loadBalancerClass: string) =>
      workloadYaml({ serviceSpec: { type: 'LoadBalancer', loadBalancerClass } })
    await deploy(cluster(), balancer('example.com/other'), { namespace: 'theirs', count: 1 })
    await deploy(cluster(), balancer('postern.dev/gateway'), { namespace: 'ours', count: 1 })
    await untilAll('web.ours.apps.test', await podsOf('ours'))
    expect(await answerOn('web.theirs.apps.test')).toBe(404)
  })

  test('NodePort: every Node, also those with no Pod', async () => {
    const yaml = workloadYaml({ serviceAnnotations: EXPOSED, serviceSpec: { type: 'NodePort' } })
    await deploy(cluster(), yaml, { namespace: 'everywhere', count: 1 })
    const proxy = await NodePortProxy.start(cluster(), 'everywhere', 'web')
    closers.push(() => proxy.stop())
    const [pod = ''] = await podsOf('everywhere')
    await until('web.everywhere.apps.test', pod)
    await waitFor(
      'every Node to have been asked',
      async () => ({ answer: await answerOn('web.everywhere.apps.test'), nodes: new Set(proxy.nodes) }),
      ({ answer, nodes }) => answer === pod && nodes.size === 3,
    )
  })

  test('NodePort with traffic policy Local: only Nodes with a ready Pod, as these come and go', async () => {
    const serviceSpec = { type: 'NodePort', externalTrafficPolicy: 'Local' }
    const yaml = workloadYaml({ kind: 'DaemonSet', serviceAnnotations: EXPOSED, serviceSpec })
    await deploy(cluster(), yaml, { namespace: 'local', count: 3 })
    // A Node that has no ready Pod drops its connections.
    const proxy = await NodePortProxy.start(cluster(), 'local', 'web')
    closers.push(() => proxy.stop())
    const pods = await podsOf('local')
    await untilAll('web.local.apps.test', pods)
    const [first = '', ...others] = pods
    const mark = (value: string | null) =>
      cluster().objects.patch(
        { apiVersion: 'v1', kind: 'Pod', name: first, namespace: 'local' },
        { metadata: { annotations: { [READY_ANNOTATION]: value } } },
      )
    await mark('false')
    await waitFor(
      'the Nodes of the others alone to answer',
      () => Promise.all(Array.from({ length: 20 }, () => answerOn('web.local.apps.test'))),
      (answers) => [...new Set(answers)].sort().join() === others.toSorted().join(),
    )
    await mark(null)
    await untilAll('web.local.apps.test', pods)
    expect(new Set(proxy.nodes).size).toBe(3)
  })

  /** A Service with no Pods of its own, in a new namespace. */
  async function applyService(namespace: string, spec: object, slice?: object): Promise<void> {
    await cluster().createNamespace(namespace)
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'out', namespace, annotations: EXPOSED },
      spec: { ports: [{ port: 80, targetPort: 8080 }], ...spec },
    }
    await cluster().objects.apply(JSON.stringify(service))
    if (slice !== undefined) await applySlice(namespace, slice)
  }

  async function applySlice(namespace: string, slice: object): Promise<void> {
    const labels = { 'kubernetes.io/service-name': 'out' }
    const fixed = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'out-by-hand', namespace, labels },
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080 }],
    }
    await cluster().objects.apply(JSON.stringify({ ...fixed, ...slice }))
  }

  test('without a selector: what a slice by hand says, where the operator allows it', async () => {
    await applyService('by-hand', {}, { endpoints: [{ addresses: [OUTSIDE] }] })
    await untilAll('out.by-hand.apps.test', [OUTSIDE])
    await applySlice('by-hand', { endpoints: [{ addresses: [BEYOND] }] })
    await until('out.by-hand.apps.test', 503)
    await applySlice('by-hand', { endpoints: [{ addresses: [OUTSIDE] }] })
    await until('out.by-hand.apps.test', OUTSIDE)
  })

  test("without a selector: another namespace's Pod is not lent", async () => {
    const [address = ''] = await deploy(cluster(), workloadYaml(), { namespace: 'lender', count: 1 })
    const [pod] = await readPods(cluster(), 'lender')
    const targetRef = { kind: 'Pod', namespace: 'lender', name: pod?.name, uid: pod?.uid }
    await applyService('borrower', {}, { endpoints: [{ addresses: [address], targetRef }] })
    await until('out.borrower.apps.test', 503)
    await applySlice('borrower', { endpoints: [{ addresses: [OUTSIDE] }] })
    await until('out.borrower.apps.test', OUTSIDE)
    await applySlice('borrower', { endpoints: [{ addresses: [address] }] })
    await until('out.borrower.apps.test', 503)
  })

  test.skipIf(!hasNameServer)('ExternalName: the address of its name', async () => {
    dns?.answer({ 'api.example.com': [NAMED] })
    await applyService('named', { type: 'ExternalName', externalName: 'api.example.com' })
    await untilAll('out.named.apps.test', [NAMED])
  })
})
