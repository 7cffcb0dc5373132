import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { watchedKinds } from '../../src/agent/cluster/kinds.ts'
import type { AuditEvent } from '../cluster/audit.ts'
import { KubeApi } from '../cluster/kube-api.ts'
import { onCluster } from '../cluster/on-cluster.ts'
import { agentKubeconfig, manifest, runAgent } from '../cluster/postern.ts'
import { grant, OURS, patches, read, serviceJson } from '../cluster/status-rig.ts'
import { waitFor } from '../cluster/wait-for.ts'
import type { AgentProcess } from '../support/postern-process.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { componentFiles, deployments, manifestFiles, manifests } from './manifests.ts'

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/postern/leases'

onCluster('infra/kustomize on a real API server', (cluster) => {
  let redis: RedisServer
  let agent: AgentProcess
  let kubeconfig: { file: string; remove(): void }

  beforeAll(async () => {
    redis = await startRedis()
    // Namespace and Role are there from now on, as a dry run of what lies in the namespace needs.
    kubeconfig = await agentKubeconfig(cluster())
    for (const document of parseAllDocuments(manifest('gateway.yaml'))) {
      if (document.get('kind') === 'ServiceAccount') await cluster().objects.apply(document.toString())
    }
    agent = await runAgent(kubeconfig.file, redis.url)
  }, 60_000)
  afterAll(async () => {
    await agent.stop('SIGKILL')
    await redis.kill()
    kubeconfig.remove()
  })

  test.each([...manifestFiles(), ...componentFiles()])(
    '%s is accepted, with no field that it does not know',
    async (file) => {
      await cluster().objects.apply(manifest(file), { namespace: 'postern', isDryRun: true })
    },
  )

  test('a field that there is not would be refused', async () => {
    const wrong = manifest('gateway.yaml').replace('terminationGracePeriodSeconds', 'terminationGraceSeconds')
    await expect(cluster().objects.apply(wrong, { namespace: 'postern', isDryRun: true })).rejects.toThrow(
      'terminationGraceSeconds',
    )
  })

  describe('its Pods are let into their namespace', () => {
    const create = (spec: object) =>
      cluster().api.send('POST', '/api/v1/namespaces/postern/pods?dryRun=All&fieldValidation=Strict', {
        body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'asked' }, spec },
      })

    test.each(deployments().map(({ metadata, spec }) => [metadata.name, spec.template.spec] as const))(
      '%s',
      async (name) => {
        // As it stands in the file: what is parsed has defaults.
        const raw = manifests().find(
          (object) => object.kind === 'Deployment' && object.metadata.name === name,
        )
        const schema = v.looseObject({
          spec: v.looseObject({ template: v.looseObject({ spec: v.looseObject({}) }) }),
        })
        const { spec } = v.parse(schema, raw).spec.template
        await create(spec)
        await expect(create({ ...spec, hostNetwork: true })).rejects.toThrow(/violates PodSecurity/)
      },
    )
  })

  test('the agent asks for exactly what its Role grants, and is denied nothing', async () => {
    const asked = (): readonly AuditEvent[] =>
      cluster()
        .plane.audited()
        .filter(({ user }) => user.username === 'system:serviceaccount:postern:postern-agent')
    const wrong = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'wrong', annotations: { 'postern.dev/expose': 'perhaps' } },
      spec: { ports: [{ port: 80 }] },
    }
    await cluster().objects.apply(serviceJson({ name: 'balancer' }))
    await cluster().objects.apply(JSON.stringify(wrong))
    // An Event is patched an hour later: test/cluster/events.test.ts.
    const wanted = [
      ...[...watchedKinds.map(({ path }) => path), LEASES].flatMap((path) => [
        `list ${path}`,
        `watch ${path}`,
      ]),
      `create ${LEASES}`,
      `patch ${LEASES}/postern-agent`,
      'create /apis/events.k8s.io/v1/namespaces/default/events',
    ].sort()
    const uses = () =>
      [...new Set(asked().map(({ verb, requestURI }) => `${verb} ${requestURI.split('?')[0]}`))].sort()
    await waitFor(
      'the agent to be ready',
      () => agent.isReady(),
      (isReady) => isReady,
    )
    await waitFor(
      'all watches to be open, and an Event to be written',
      uses,
      (seen) => seen.length >= wanted.length,
    )
    expect(uses()).toEqual(wanted)
    for (const { verb, requestURI, responseStatus, annotations } of asked()) {
      expect([requestURI, responseStatus.code, annotations['authorization.k8s.io/decision']]).toEqual([
        requestURI,
        verb === 'create' ? 201 : 200,
        'allow',
      ])
    }
    expect(agent.said()).not.toMatch(/Cannot/)
  })

  test('with the component and an address it writes statuses too, once it leads; without, none', async () => {
    await grant(cluster(), true)
    const addresses = ['--gateway-address', '192.0.2.1', '--gateway-address', 'edge.example.com']
    const other = await runAgent(kubeconfig.file, redis.url, addresses)
    try {
      await waitFor('the other agent to stand by', other.isReady, (isReady) => isReady)
      // The one that leads has no address.
      expect([await read(cluster(), 'balancer'), patches(cluster(), 'balancer')]).toEqual([[], []])
      expect(await agent.stop()).toBe(0)
      await waitFor(
        'the status to be written',
        () => read(cluster(), 'balancer'),
        (ingress) => JSON.stringify(ingress) === JSON.stringify(OURS),
      )
      expect(patches(cluster(), 'balancer')).toEqual([200, 200])
    } finally {
      expect(await other.stop()).toBe(0)
    }
    expect(other.said()).not.toMatch(/Cannot/)
  })

  test.each([
    ['GET', '/api/v1/namespaces/postern/secrets'],
    ['GET', '/api/v1/namespaces/postern/configmaps'],
    ['GET', '/api/v1/namespaces/postern/services/postern-gateway'],
    ['GET', '/apis/apps/v1/deployments'],
    ['POST', '/api/v1/namespaces/postern/services'],
    ['GET', '/api/v1/namespaces/default/services/balancer/status'],
    ['PATCH', '/api/v1/namespaces/default/services/balancer'],
    ['DELETE', '/api/v1/namespaces/postern/pods/any'],
    ['PATCH', '/api/v1/nodes/node-1/status'],
    ['PATCH', `${LEASES}/another`],
    ['GET', LEASES],
    ['DELETE', `${LEASES}/postern-agent`],
    ['PATCH', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/postern-agent'],
  ] as const)('the agent may not %s %s', async (method, path) => {
    const kubeconfig = await cluster().kubeconfigOf('postern', 'postern-agent')
    const api = new KubeApi(cluster().plane, kubeconfig.users[0]?.user.token ?? '')
    try {
      await expect(api.send(method, path)).rejects.toMatchObject({ status: 403 })
    } finally {
      await api.close()
    }
  })
})
