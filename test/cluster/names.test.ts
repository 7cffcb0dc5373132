import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { postern } from '../support/postern-cli.ts'
import { type AgentProcess, type ServingProcess, startServing } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { deploy } from './deploy.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig, runAgent } from './postern.ts'
import { readPods } from './reads.ts'
import { waitFor } from './wait-for.ts'
import { workloadYaml } from './workload.ts'

const EXPOSED = { 'postern.dev/expose': 'true' }
const answerSchema = v.object({ pod: v.string() })
const problemsSchema = v.object({ problems: v.array(v.object({ code: v.string(), name: v.string() })) })

onCluster('names that a real control plane gives', (cluster) => {
  let redis: RedisServer
  let agent: AgentProcess
  let gateway: ServingProcess
  let kubeconfig = ''
  let removeKubeconfig = (): void => {}

  beforeAll(async () => {
    redis = await startRedis()
    const { file, remove } = await agentKubeconfig(cluster())
    kubeconfig = file
    removeKubeconfig = remove
    const claims = ['--host-claims', 'strict', '--allow-hosts', 'claims=always.example.com']
    agent = await runAgent(file, redis.url, claims)
    gateway = await startServing(['gateway', '--redis', redis.url])
  }, 60_000)
  afterAll(async () => {
    expect(await Promise.all([agent.stop(), gateway.stop()])).toEqual([0, 0])
    await redis.kill()
    removeKubeconfig()
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

  test('the Pods of a StatefulSet answer by the hostnames that their slices carry', async () => {
    const yaml = workloadYaml({
      name: 'db',
      kind: 'StatefulSet',
      replicas: 2,
      isHeadless: true,
      serviceAnnotations: EXPOSED,
    })
    await deploy(cluster(), yaml, { namespace: 'data', service: 'db', count: 2 })
    await until('db-0.db.data.apps.test', 'db-0')
    await until('db-1.db.data.apps.test', 'db-1')
    const { code, stdout } = await postern(['names', '--kubeconfig', kubeconfig, '--domain', 'apps.test'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/pod db-1 +db-1\.db\.data\.svc\.cluster\.local +db-1\.db\.data\.apps\.test/)
    expect(await answerOn('db-2.db.data.apps.test')).toBe(404)
    await cluster().objects.scale(
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', namespace: 'data' },
      1,
    )
    await until('db-1.db.data.apps.test', 404)
    expect(await answerOn('db-0.db.data.apps.test')).toBe('db-0')
  })

  test('Pods without a hostname answer by their own names', async () => {
    const yaml = workloadYaml({ replicas: 2, isHeadless: true, serviceAnnotations: EXPOSED })
    await deploy(cluster(), yaml, { namespace: 'nameless', count: 2 })
    const pods = await readPods(cluster(), 'nameless')
    expect(pods).toHaveLength(2)
    for (const { name } of pods) await until(`${name}.web.nameless.apps.test`, name)
  })

  test('a host is served once its Namespace allows it, and no longer than that', async () => {
    const hosts = { ...EXPOSED, 'postern.dev/host': 'shop.example.com,always.example.com' }
    await deploy(cluster(), workloadYaml({ serviceAnnotations: hosts }), { namespace: 'claims', count: 1 })
    const [pod] = await readPods(cluster(), 'claims')
    await until('always.example.com', pod?.name ?? '')
    expect(await answerOn('shop.example.com')).toBe(404)
    const response = await fetch(`${gateway.console}/api/problems`)
    const { problems } = v.parse(problemsSchema, await response.json())
    expect(problems).toContainEqual({ code: 'host-not-allowed', name: 'web' })

    const namespace = { apiVersion: 'v1', kind: 'Namespace', name: 'claims' }
    const allow = (text: string | null) =>
      cluster().objects.patch(namespace, { metadata: { annotations: { 'postern.dev/allowed-hosts': text } } })
    await allow('*.example.org, shop.example.com')
    await until('shop.example.com', pod?.name ?? '')
    await allow('shop.example.com; typo')
    await until('shop.example.com', 404)
    await allow('shop.example.com')
    await until('shop.example.com', pod?.name ?? '')
    await allow(null)
    await until('shop.example.com', 404)
    expect(await answerOn('always.example.com')).toBe(pod?.name)
  })
})
