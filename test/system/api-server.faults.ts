import * as v from 'valibot'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { deploy } from '../cluster/deploy.ts'
import { onCluster } from '../cluster/on-cluster.ts'
import { agentKubeconfig, manifest, runAgent } from '../cluster/postern.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { workloadYaml } from '../cluster/workload.ts'
import { statementOf } from '../support/keys.ts'
import type { AgentProcess } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const KEYS = 'postern:{default}:'
const POLICY_RULE = /\n {2}- apiGroups: \[networking[^-]*networkpolicies\][^-]*\n/
const roleSchema = v.object({ rules: v.array(v.object({ resources: v.array(v.string()) })) })

onCluster('an agent whose API server is away, or forbids', (cluster) => {
  let redis: RedisServer
  let kubeconfig: { file: string; remove(): void }

  beforeAll(async () => {
    kubeconfig = await agentKubeconfig(cluster())
    const serviceAnnotations = { 'postern.dev/expose': 'true' }
    await deploy(cluster(), workloadYaml({ replicas: 1, serviceAnnotations }), {
      namespace: 'shop',
      count: 1,
    })
  }, 120_000)
  beforeEach(async () => {
    redis = await startRedis()
    const { kill } = redis
    onTestFinished(kill)
  })
  afterAll(() => kubeconfig.remove())

  async function startAgent(): Promise<AgentProcess> {
    const agent = await runAgent(kubeconfig.file, redis.url)
    onTestFinished(async () => void (await agent.stop('SIGKILL')))
    return agent
  }

  const readiness = async ({ console }: AgentProcess): Promise<string> =>
    await (await fetch(`${console}/readyz`)).text()
  const untilReady = (agent: AgentProcess) =>
    waitFor(
      'the agent to be ready',
      () => readiness(agent),
      (text) => text === 'ready',
      { timeoutMs: 60_000 },
    )
  const head = () => statementOf(redis.cli('HGET', `${KEYS}head`, 'text'))
  /** The head of the next publish or heartbeat. */
  const nextHead = async () => {
    const { epoch = 0, revision = 0 } = head()?.position ?? {}
    const isLater = (now: ReturnType<typeof head>) =>
      (now?.position.epoch ?? 0) > epoch || (now?.position.revision ?? 0) > revision
    return await waitFor('the next head', head, isLater, { timeoutMs: 60_000 })
  }
  const routes = () => redis.cli('HKEYS', `${KEYS}records:route`)
  const linesOf = (agent: AgentProcess) =>
    agent
      .said()
      .split('\n')
      .filter((line) => line.includes('Cannot'))

  async function setRole(yaml: string, resources: readonly string[]): Promise<void> {
    await cluster().objects.apply(yaml)
    const name = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'postern-agent' }
    const { rules } = v.parse(roleSchema, await cluster().objects.get(name))
    expect(rules.flatMap((rule) => rule.resources)).toEqual(resources)
  }
  const wholeRole = () =>
    setRole(manifest('agent-rbac.yaml'), [
      ...['services', 'pods', 'nodes', 'namespaces', 'endpointslices', 'networkpolicies', 'events'],
    ])
  const roleWithoutPolicies = () =>
    setRole(manifest('agent-rbac.yaml').replace(POLICY_RULE, '\n'), [
      ...['services', 'pods', 'nodes', 'namespaces', 'endpointslices', 'events'],
    ])

  test('away from the start: said once, with its name; not ready; nothing published; and then it is', async () => {
    await cluster().plane.kill('kube-apiserver')
    const agent = await startAgent()
    const server = cluster().plane.server
    await waitFor(
      'the agent to say it',
      () => linesOf(agent),
      (lines) => lines.length > 0,
    )
    expect(await readiness(agent)).toBe(
      'not listed yet: Service, EndpointSlice, Pod, Node, Namespace, NetworkPolicy',
    )
    expect(redis.cli('DBSIZE')).toBe('0')
    await cluster().plane.restart('kube-apiserver')
    await untilReady(agent)
    // Every kind was asked for again and again.
    expect(linesOf(agent).filter((line) => line.includes('ECONNREFUSED'))).toEqual([
      `postern: Cannot reach the API server at ${server}: connect ECONNREFUSED ${new URL(server).host}`,
    ])
    expect(routes()).toBe('web.shop.apps.test')
  })

  test('a kind that is forbidden: said with path and reason; nothing published until it may be read', async () => {
    await roleWithoutPolicies()
    const agent = await startAgent()
    await waitFor(
      'only NetworkPolicies to be awaited',
      () => readiness(agent),
      (text) => text === 'not listed yet: NetworkPolicy',
    )
    const path = '/apis/networking.k8s.io/v1/networkpolicies'
    expect(linesOf(agent)).toEqual([
      `postern: Cannot list ${path} at ${cluster().plane.server}: 403: networkpolicies.networking.k8s.io is forbidden: ` +
        'User "system:serviceaccount:postern:postern-agent" cannot list resource "networkpolicies" in API group ' +
        '"networking.k8s.io" at the cluster scope',
    ])
    expect(redis.cli('DBSIZE')).toBe('0')
    await wholeRole()
    await untilReady(agent)
    expect(routes()).toBe('web.shop.apps.test')
  })

  test('a permission that is withdrawn: the last records stay, and their age shows in the head', async () => {
    const agent = await startAgent()
    await untilReady(agent)
    await roleWithoutPolicies()
    onTestFinished(wholeRole)
    // A watch is asked for its permission only when it begins.
    await cluster().plane.restart('kube-apiserver')
    const said = await waitFor(
      'the refusal to be said',
      () => linesOf(agent).filter((line) => line.includes(': 403: networkpolicies')),
      (lines) => lines.length > 0,
    )
    expect(said[0]).toContain('/apis/networking.k8s.io/v1/networkpolicies at ')
    const before = await nextHead()
    const after = await nextHead()
    expect(after?.observedAt).toBe(before?.observedAt)
    expect(routes()).toBe('web.shop.apps.test')
    expect(await readiness(agent)).toBe('ready')

    await wholeRole()
    await waitFor(
      'the head to be fresh again',
      head,
      (now) => (now?.observedAt ?? 0) > (after?.observedAt ?? 0),
      { timeoutMs: 90_000 },
    )
  })

  test('Redis away from the start: ready as soon as it has been written', async () => {
    await redis.kill()
    const agent = await startAgent()
    await waitFor(
      'everything to be listed',
      () => readiness(agent),
      (text) => text === 'nothing has been published yet',
    )
    await waitFor(
      'the failure to be said',
      () => linesOf(agent),
      (lines) => lines.length > 0,
    )
    await redis.start()
    await untilReady(agent)
    expect(routes()).toBe('web.shop.apps.test')
  })
})
