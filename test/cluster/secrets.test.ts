import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { storedRecords } from '../support/fresh-records.ts'
import { goldenSecret } from '../support/pairs.ts'
import { postern } from '../support/postern-cli.ts'
import type { AgentProcess } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import type { AuditEvent } from './audit.ts'
import { KubeApi } from './kube-api.ts'
import { onCluster } from './on-cluster.ts'
import { agentKubeconfig, manifest, runAgent } from './postern.ts'
import { waitFor } from './wait-for.ts'

const AGENT = 'system:serviceaccount:postern:postern-agent'

const roleSchema = v.object({
  kind: v.string(),
  metadata: v.object({ name: v.string(), namespace: v.optional(v.string(), '') }),
  rules: v.optional(
    v.array(
      v.object({
        apiGroups: v.array(v.string()),
        resources: v.array(v.string()),
        resourceNames: v.optional(v.array(v.string()), ['']),
        verbs: v.array(v.string()),
      }),
    ),
    [],
  ),
})

function secretJson(name: string, pair = 'shop-example-com'): string {
  const { type, data } = goldenSecret(pair)
  return JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, type, data })
}

function serviceJson(secret: string): string {
  const annotations = { 'postern.dev/expose': 'true', 'postern.dev/tls-secret': secret }
  const metadata = { name: 'web', annotations }
  return JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } })
}

/** What Roles of a YAML text grant, a line for each verb on each name: `verb group/resource namespace/name`. */
function granted(yaml: string): string[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    const { kind, metadata, rules } = v.parse(roleSchema, document.toJS())
    const place = kind === 'ClusterRole' ? '' : metadata.namespace
    return rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) =>
          verbs.map((verb) => `${verb} ${apiGroups[0]}/${resource} ${place}/${name}`),
        ),
      ),
    )
  })
}

/** The same of a request. Names count where Roles name them, and Events stand in the namespaces of their objects. */
function used({ verb, objectRef }: AuditEvent): string {
  const { apiGroup = '', resource = '', namespace = '', name = '' } = objectRef ?? {}
  if (resource === 'events') return `${verb} ${apiGroup}/${resource} /`
  return `${verb} ${apiGroup}/${resource} ${namespace}/${verb === 'create' ? '' : name}`
}

onCluster('Secrets by their names, with the Roles that postern roles prints', (cluster) => {
  let redis: RedisServer
  let agent: AgentProcess
  let kubeconfig: { file: string; remove(): void }
  let roles = ''

  const asked = (): readonly AuditEvent[] =>
    cluster()
      .plane.audited()
      .filter(({ user }) => user.username === AGENT)
  const printed = async (...args: readonly string[]) => {
    const { stdout } = await postern(['roles', '--kubeconfig', cluster().plane.kubeconfigFile, ...args])
    return stdout
  }
  /** Keys of the records of a kind. */
  const keysOf = async (kind: string) =>
    (await storedRecords(redis.url))
      .filter((line) => line.startsWith(`${kind} `))
      .map((line) => line.split(' ')[1])

  beforeAll(async () => {
    redis = await startRedis()
    kubeconfig = await agentKubeconfig(cluster())
    for (const namespace of ['shop', 'other']) {
      await cluster().createNamespace(namespace)
      for (const name of ['web-tls', 'database'])
        await cluster().objects.apply(secretJson(name), { namespace })
      await cluster().objects.apply(serviceJson('web-tls'), { namespace })
    }
    roles = await printed('--namespace', 'shop')
    await cluster().objects.apply(roles)
    agent = await runAgent(kubeconfig.file, redis.url)
  }, 60_000)
  afterAll(async () => {
    await agent.stop('SIGKILL')
    await redis.kill()
    kubeconfig.remove()
  })

  test('what may be read becomes a record; what may not is an Event, and keeps nothing else back', async () => {
    const certificates = () => keysOf('certificate')
    expect(await waitFor('the certificate', certificates, (keys) => keys.length > 0)).toEqual([
      'shop/web-tls',
    ])
    expect((await keysOf('route')).sort()).toEqual(['web.other.apps.test', 'web.shop.apps.test'])
    const notes = async () => {
      const items = await cluster().list('/apis/events.k8s.io/v1/namespaces/other/events')
      const schema = v.looseObject({ reason: v.string(), note: v.string() })
      return items.flatMap((item) =>
        v.is(schema, item) && item.reason === 'SecretForbidden' ? [item.note] : [],
      )
    }
    const [note] = await waitFor('the Event', notes, (some) => some.length > 0)
    expect(note).toContain('postern roles --namespace other')
  })

  test('the agent uses all that its Roles grant, and is denied only what they do not', async () => {
    const all = [...granted(manifest('agent-rbac.yaml')), ...granted(roles)].sort()
    // An Event is patched an hour later: test/cluster/events.test.ts.
    const wanted = all.filter((line) => line !== 'patch events.k8s.io/events /')
    const allowed = () =>
      [
        ...new Set(
          asked()
            .filter(({ responseStatus }) => responseStatus.code < 300)
            .map(used),
        ),
      ].sort()
    await waitFor('all of it to be used', allowed, (lines) => wanted.every((line) => lines.includes(line)))
    expect(allowed()).toEqual(wanted)
    const denied = asked().filter(({ responseStatus }) => responseStatus.code >= 300)
    expect(new Set(denied.map((event) => `${event.responseStatus.code} ${used(event)}`))).toEqual(
      new Set(['403 list /secrets other/web-tls']),
    )
  })

  test('a Secret that is renewed is published, and so is one that a Role has come to name', async () => {
    const hosts = async (key: string) =>
      (await storedRecords(redis.url)).find((line) => line.startsWith(`certificate ${key} `))
    await cluster().objects.apply(secretJson('web-tls', 'other'), { namespace: 'shop' })
    await waitFor(
      'the new certificate',
      () => hosts('shop/web-tls'),
      (line) => line?.includes('other.example.com') === true,
    )
    await cluster().objects.apply(await printed())
    await waitFor(
      'the other certificate',
      () => hosts('other/web-tls'),
      (line) => line !== undefined,
      {
        timeoutMs: 60_000,
      },
    )
  }, 90_000)

  test.each([
    ['GET', '/api/v1/secrets'],
    ['GET', '/api/v1/namespaces/shop/secrets'],
    ['GET', '/api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Ddatabase'],
    ['GET', '/api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%21%3Ddatabase'],
    ['GET', '/api/v1/namespaces/shop/secrets/database'],
    ['GET', '/api/v1/namespaces/shop/secrets/web-tls'],
    ['PATCH', '/api/v1/namespaces/shop/secrets/web-tls'],
    ['DELETE', '/api/v1/namespaces/shop/secrets/web-tls'],
    ['POST', '/api/v1/namespaces/shop/secrets'],
    ['GET', '/api/v1/namespaces/shop/configmaps'],
    ['POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles'],
  ] as const)('the agent may not %s %s', async (method, path) => {
    const own = await cluster().kubeconfigOf('postern', 'postern-agent')
    const api = new KubeApi(cluster().plane, own.users[0]?.user.token ?? '')
    try {
      await expect(api.send(method, path)).rejects.toMatchObject({ status: 403 })
    } finally {
      await api.close()
    }
  })

  test('nothing of a Secret is in what the agent says, nor in Events', async () => {
    const events = JSON.stringify(await cluster().list('/apis/events.k8s.io/v1/events'))
    const key = goldenSecret('shop-example-com').data['tls.key'] ?? ''
    const lines = atob(key)
      .split('\n')
      .filter((line) => line.length > 40 && !line.startsWith('-----'))
    expect(lines.length).toBeGreaterThan(0)
    for (const line of [key, ...lines]) {
      expect(agent.said()).not.toContain(line)
      expect(events).not.toContain(line)
    }
    expect(agent.said()).not.toMatch(/Cannot/)
  })
})
