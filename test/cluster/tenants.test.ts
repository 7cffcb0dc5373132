import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { type AgentProcess, type ServingProcess, startServing } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { Applier } from './apply.ts'
import { deploy } from './deploy.ts'
import { ApiError, KubeApi } from './kube-api.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig, runAgent } from './postern.ts'
import { readPods } from './reads.ts'
import { waitFor } from './wait-for.ts'
import { workloadYaml } from './workload.ts'

const HOST = 'web.bank.apps.test'
const CLOSED = 'vault.bank.apps.test'
const EXPOSED = { 'postern.dev/expose': 'true' }
const problemsSchema = v.object({
  problems: v.array(v.object({ code: v.string(), kind: v.string(), name: v.string() })),
})

/** A tenant as clusters have them: Services and slices of one namespace, and nothing else. */
const TENANT = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'mallory' } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'tenant' },
    rules: [
      { apiGroups: [''], resources: ['services'], verbs: ['*'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['*'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'tenant' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'tenant' },
    subjects: [{ kind: 'ServiceAccount', name: 'mallory', namespace: 'evil' }],
  },
]

const yamlOf = (...objects: readonly object[]): string =>
  objects.map((object) => JSON.stringify(object)).join('\n---\n')

const service = (name: string, annotations: object = {}, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, annotations: { ...EXPOSED, ...annotations } },
  spec: { ports: [{ port: 80, targetPort: 8080 }], ...spec },
})

const slice = (name: string, address: string, targetRef?: object) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
  addressType: address.includes(':') ? 'IPv6' : 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: [{ addresses: [address], conditions: { ready: true }, ...(targetRef && { targetRef }) }],
})

onCluster('a tenant who may edit Services and slices of one namespace', (cluster) => {
  let redis: RedisServer
  let agent: AgentProcess
  let gateway: ServingProcess
  let removeKubeconfig = (): void => {}
  let api: KubeApi
  let tenant: Applier

  const statusOf = async (host: string): Promise<number> =>
    (await send({ port: gateway.port, host, path: '/' })).status
  const until = (host: string, wanted: number) =>
    waitFor(
      `${host} to answer ${wanted}`,
      () => statusOf(host),
      (status) => status === wanted,
    )
  /** What the API server refuses is no attack any more. */
  const attack = async (yaml: string): Promise<void> => {
    try {
      await tenant.apply(yaml, { namespace: 'evil' })
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 422) throw error
    }
  }
  /** All that was applied before has been published. */
  async function untilSettled(name: string): Promise<void> {
    await attack(yamlOf(service(name), slice(name, '203.0.113.77')))
    const seen = async () => {
      const problems = await fetch(`${gateway.console}/api/problems`)
      return v.parse(problemsSchema, await problems.json()).problems
    }
    await waitFor('the last slice to be judged', seen, (problems) =>
      problems.some(({ code, name: of }) => code === 'endpoint-refused' && of === `${name}-1`),
    )
    await until(`${name}.evil.apps.test`, 503)
  }

  beforeAll(async () => {
    redis = await startRedis()
    const { file, remove } = await agentKubeconfig(cluster())
    removeKubeconfig = remove
    agent = await runAgent(file, redis.url, ['--host-claims', 'strict'])
    gateway = await startServing(['gateway', '--redis', redis.url])
    await deploy(cluster(), workloadYaml({ serviceAnnotations: EXPOSED }), { namespace: 'bank', count: 1 })
    const vault = workloadYaml({ name: 'vault', serviceAnnotations: EXPOSED })
    const closed = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'vault' },
      spec: {
        podSelector: { matchLabels: { app: 'vault' } },
        ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }],
      },
    }
    await cluster().objects.apply(`${yamlOf(closed)}\n---\n${vault}`, { namespace: 'bank' })
    await cluster().createNamespace('evil')
    await cluster().objects.apply(yamlOf(...TENANT), { namespace: 'evil' })
    const { users } = await cluster().kubeconfigOf('evil', 'mallory')
    api = new KubeApi(cluster().plane, users[0]?.user.token ?? '')
    tenant = new Applier(api)
    await until(HOST, 200)
    await until(CLOSED, 403)
  }, 90_000)
  afterAll(async () => {
    await api.close()
    await Promise.all([agent.stop(), gateway.stop()])
    await redis.kill()
    removeKubeconfig()
  })

  test('cannot take a hostname of others, nor a path on it', async () => {
    const hosts = [
      HOST,
      `${HOST}.`,
      'WEB.bank.apps.test',
      '*.bank.apps.test',
      '*.apps.test',
      'bank.example.com',
    ]
    for (const [index, host] of hosts.entries()) {
      await attack(
        yamlOf(service(`host-${index}`, { 'postern.dev/host': host, 'postern.dev/path': '/steal' })),
      )
    }
    await untilSettled('after-hosts')
    expect(await statusOf(HOST)).toBe(200)
    expect((await send({ port: gateway.port, host: HOST, path: '/steal' })).body).toContain('"pod":"web-')
    expect(await statusOf('other.bank.apps.test')).toBe(404)
    expect(await statusOf('bank.example.com')).toBe(404)
  })

  test('reaches no Pod, Node, API server or metadata of others through slices', async () => {
    const pods = await readPods(cluster(), 'bank')
    const [web] = pods.filter(({ name }) => name.startsWith('web-'))
    const [vault] = pods.filter(({ name }) => name.startsWith('vault-'))
    const ref = (pod: typeof web, namespace: string) => ({
      kind: 'Pod',
      name: pod?.name,
      namespace,
      uid: pod?.uid,
    })
    const attacks: readonly (readonly [address: string | undefined, targetRef?: object])[] = [
      [web?.address],
      [web?.address, ref(web, 'bank')],
      [web?.address, ref(web, 'evil')],
      [vault?.address, ref(vault, 'bank')],
      [`::ffff:${web?.address}`, ref(web, 'bank')],
      ['127.0.0.1'],
      ['169.254.169.254'],
      [new URL(cluster().plane.server).hostname],
    ]
    for (const [index, [address = '', targetRef]] of attacks.entries()) {
      expect(address).not.toContain('undefined')
      await attack(yamlOf(service(`reach-${index}`), slice(`reach-${index}`, address, targetRef)))
    }
    await untilSettled('after-slices')
    for (const index of attacks.keys()) expect(await statusOf(`reach-${index}.evil.apps.test`)).toBe(503)
  })

  test('reaches nothing inside by the name of an ExternalName Service', async () => {
    for (const [index, externalName] of [
      'localhost',
      'kubernetes.default.svc.cluster.local',
      HOST,
    ].entries()) {
      await attack(yamlOf(service(`alias-${index}`, {}, { type: 'ExternalName', externalName })))
    }
    await untilSettled('after-names')
    for (const index of [0, 1, 2]) expect(await statusOf(`alias-${index}.evil.apps.test`)).toBe(503)
  })

  test('turns no check of others off, and reads no Secret of theirs', async () => {
    await attack(
      yamlOf(
        service('vault', { 'postern.dev/allow-cidrs': '0.0.0.0/0' }, { selector: { app: 'vault' } }),
        service('lender', { 'postern.dev/tls-secret': 'bank/web-tls' }),
        service('keys', { 'postern.dev/api-keys': '../bank/keys' }),
      ),
    )
    await untilSettled('after-checks')
    expect(await statusOf(CLOSED)).toBe(403)
    for (const name of ['vault', 'lender', 'keys']) expect(await statusOf(`${name}.evil.apps.test`)).toBe(503)
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'open' },
      spec: { podSelector: {}, ingress: [{}] },
    }
    // What else would help is not a tenant's to write or to read: clusters say so, not Postern.
    await expect(tenant.apply(yamlOf(policy), { namespace: 'bank' })).rejects.toThrow('403')
    await expect(api.get('/api/v1/namespaces/bank/secrets')).rejects.toThrow('403')
    // With a policy of its own namespace, which another may have given, nothing changes at the neighbours'.
    await cluster().objects.apply(yamlOf(policy), { namespace: 'evil' })
    await untilSettled('after-policy')
    expect(await statusOf(CLOSED)).toBe(403)
  })
})
