import { request } from 'undici'
import { expect, test } from 'vitest'
import { deploy, waitForReady } from './deploy.ts'
import { KubeApi } from './kube-api.ts'
import { onCluster } from './on-cluster.ts'
import { readPods, readSlices } from './reads.ts'
import { waitFor } from './wait-for.ts'
import { workloadYaml } from './workload.ts'

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }

const readServicesYaml = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules: [{ apiGroups: [''], resources: [services], verbs: [get, list, watch] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: default, namespace: roles }]
`

onCluster('the test cluster', (cluster) => {
  test('a Deployment becomes ready Pods that serve, listed by the real controller', async () => {
    const addresses = await deploy(cluster(), workloadYaml({ replicas: 3 }), { namespace: 'three', count: 3 })
    const pods = await readPods(cluster(), 'three')
    expect(pods.map((pod) => pod.isReady)).toEqual([true, true, true])
    expect(pods.map((pod) => pod.address).sort()).toEqual(addresses)
    expect(new Set(pods.map((pod) => pod.node)).size).toBe(3)
    const slices = await readSlices(cluster(), 'three', 'web')
    expect(slices.map(({ metadata }) => metadata.labels['endpointslice.kubernetes.io/managed-by'])).toEqual([
      'endpointslice-controller.k8s.io',
    ])
    const zones = slices.flatMap(({ endpoints }) => endpoints ?? []).map(({ zone }) => zone)
    expect(zones.sort()).toEqual(['zone-a', 'zone-b', 'zone-c'])
    for (const pod of pods) {
      const { statusCode, body } = await request(`http://${pod.address}:8080/a?b=c`, {
        method: 'POST',
        body: 'four',
      })
      expect(statusCode).toBe(200)
      expect(await body.json()).toMatchObject({
        pod: pod.name,
        namespace: 'three',
        node: pod.node,
        port: 8080,
        method: 'POST',
        path: '/a?b=c',
        bodyBytes: 4,
        labels: { app: 'web' },
      })
    }
  })

  test('an annotation makes a Pod unready, and ready again', async () => {
    await deploy(cluster(), workloadYaml({ replicas: 2 }), { namespace: 'readiness', count: 2 })
    const [pod] = await readPods(cluster(), 'readiness')
    const name = { apiVersion: 'v1', kind: 'Pod', namespace: 'readiness', name: pod?.name ?? '' }
    const annotate = async (value: string | null): Promise<void> => {
      await cluster().objects.patch(name, { metadata: { annotations: { 'test.postern.dev/ready': value } } })
    }
    await annotate('false')
    expect(await waitForReady(cluster(), { namespace: 'readiness', count: 1 })).not.toContain(pod?.address)
    await annotate(null)
    expect(await waitForReady(cluster(), { namespace: 'readiness', count: 2 })).toContain(pod?.address)
  })

  test('scaling down and deleting take Pods away', async () => {
    await deploy(cluster(), workloadYaml({ replicas: 3 }), { namespace: 'scaled', count: 3 })
    await cluster().objects.scale({ ...deployment, namespace: 'scaled' }, 1)
    await waitForPods('scaled', 1)
    const [kept] = await waitForReady(cluster(), { namespace: 'scaled', count: 1 })
    await cluster().objects.delete({ ...deployment, namespace: 'scaled' })
    await waitForPods('scaled', 0)
    await expect(request(`http://${kept}:8080/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test("a StatefulSet's Pods have hostnames in the slice", async () => {
    await deploy(cluster(), workloadYaml({ kind: 'StatefulSet', replicas: 2, isHeadless: true }), {
      namespace: 'stateful',
      count: 2,
    })
    const slices = await readSlices(cluster(), 'stateful', 'web')
    const hostnames = slices.flatMap(({ endpoints }) => endpoints ?? []).map(({ hostname }) => hostname)
    expect(hostnames.sort()).toEqual(['web-0', 'web-1'])
  })

  test('a DaemonSet has a Pod on each Node, and a Deployment keeps off a cordoned one', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', name: 'node-1' }
    await cluster().objects.patch(node, { spec: { unschedulable: true } })
    try {
      const daemons = workloadYaml({ kind: 'DaemonSet' })
      await deploy(cluster(), daemons, { namespace: 'daemons', count: 3 })
      expect(await readNodes('daemons')).toEqual(['node-1', 'node-2', 'node-3'])
      await deploy(cluster(), workloadYaml({ replicas: 2 }), { namespace: 'cordoned', count: 2 })
      expect(await readNodes('cordoned')).toEqual(['node-2', 'node-3'])
    } finally {
      await cluster().objects.patch(node, { spec: { unschedulable: null } })
    }
  })

  test('a deleted namespace takes everything in it along', async () => {
    // The namespace controller looks again after half the longest grace.
    await deploy(cluster(), workloadYaml({ replicas: 2, graceSeconds: 1 }), { namespace: 'doomed', count: 2 })
    await cluster().objects.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'doomed' })
    await waitFor(
      'the namespace to be gone',
      async () => (await cluster().list('/api/v1/namespaces')).map(({ metadata }) => metadata.name),
      (names) => !names.includes('doomed'),
    )
  })

  test('a service account may do what its Role allows, and no more', async () => {
    await cluster().createNamespace('roles')
    const kubeconfig = await cluster().kubeconfigOf('roles', 'default')
    const api = new KubeApi(cluster().plane, kubeconfig.users[0]?.user.token ?? '')
    try {
      const path = '/api/v1/namespaces/roles/services'
      await expect(api.list(path)).rejects.toMatchObject({ status: 403 })
      await cluster().objects.apply(readServicesYaml, { namespace: 'roles' })
      await waitFor(
        'the Role to count',
        () => api.list(path),
        () => true,
      )
      await expect(api.list('/api/v1/namespaces/roles/pods')).rejects.toMatchObject({ status: 403 })
    } finally {
      await api.close()
    }
  })

  async function readNodes(namespace: string): Promise<readonly (string | undefined)[]> {
    return (await readPods(cluster(), namespace)).map(({ node }) => node).sort()
  }

  async function waitForPods(namespace: string, count: number): Promise<void> {
    await waitFor(
      `${count} Pods in ${namespace}`,
      () => readPods(cluster(), namespace),
      (pods) => pods.length === count,
    )
  }
})
