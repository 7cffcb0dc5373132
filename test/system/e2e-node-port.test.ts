import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { waitFor } from '../cluster/wait-for.ts'
import { hasPodNetwork, PodServers } from '../support/pods.ts'
import { type ServingProcess, startServing } from '../support/postern-process.ts'
import { ManifestFolder } from '../support/shop.ts'
import { ask } from '../support/steady-load.ts'

const NODE_PORT = 30080
const HOST = 'web.shop.apps.test'
const nodes = ['node-1', 'node-2', 'node-3', 'node-4'] as const
type NodeName = (typeof nodes)[number]

const addressOf = (node: NodeName) => `10.244.200.${node.slice(-1)}`

interface NodeFacts {
  readonly isReady?: boolean
  readonly isExcluded?: boolean
}

interface ClusterFacts {
  readonly policy: 'Cluster' | 'Local'
  readonly nodes?: Partial<Record<NodeName, NodeFacts>>
  /** The state of the Pod on each node that has one. */
  readonly pods: Partial<Record<NodeName, 'ready' | 'unready' | 'terminating'>>
}

function manifests({ policy, nodes: facts = {}, pods }: ClusterFacts): string {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', annotations: { 'postern.dev/expose': 'true' } },
    spec: {
      type: 'NodePort',
      externalTrafficPolicy: policy,
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }],
    },
  }
  const nodeObjects = nodes.map((name) => {
    const { isReady = true, isExcluded = false } = facts[name] ?? {}
    const labels = isExcluded ? { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } : {}
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      status: {
        addresses: [{ type: 'InternalIP', address: addressOf(name) }],
        conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
      },
    }
  })
  const podObjects = Object.entries(pods).map(([node, state]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `web-${node}`,
      namespace: 'shop',
      labels: { app: 'web' },
      ...(state === 'terminating' ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {}),
    },
    spec: { nodeName: node, containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }] },
    status: {
      podIP: `10.244.201.${node.slice(-1)}`,
      conditions: [{ type: 'Ready', status: state === 'unready' ? 'False' : 'True' }],
    },
  }))
  return [service, ...nodeObjects, ...podObjects].map((object) => stringify(object)).join('---\n')
}

/** A real listener on every node's own address, as kube-proxy would be. */
describe.skipIf(!hasPodNetwork)(
  'a NodePort Service is reached on the nodes that its traffic policy allows',
  () => {
    const listeners = new PodServers()
    const closers: (() => unknown)[] = []
    let folder: ManifestFolder
    let postern: ServingProcess

    beforeAll(async () => {
      closers.push(() => listeners.close())
      folder = new ManifestFolder()
      closers.push(() => folder.remove())
      for (const node of nodes) await listeners.start(node, addressOf(node), NODE_PORT)
      folder.replace('web.yaml', manifests({ policy: 'Cluster', pods: { 'node-1': 'ready' } }))
      postern = await startServing(['up', '--manifests', folder.path, '--domain', 'apps.test'])
      closers.push(() => postern.stop())
    })
    afterAll(async () => {
      for (const close of closers.splice(0).reverse()) await close()
    })

    /** Which nodes answer, asked often enough to meet each. */
    async function nodesAnswering(): Promise<string> {
      const answers = await Promise.all(Array.from({ length: 40 }, () => ask(postern.port, HOST, '/')))
      const names = answers.map(({ status, body }) =>
        status === 200 ? JSON.parse(body).pod : `status ${status}`,
      )
      return [...new Set(names)].sort().join(' ')
    }

    const all = 'node-1 node-2 node-3 node-4'
    const leaving = { 'node-1': 'terminating', 'node-3': 'terminating' } as const

    test.each<{ title: string; facts: ClusterFacts; expected: string }>([
      {
        title: 'Cluster: every node, also those with no Pod',
        facts: { policy: 'Cluster', pods: { 'node-1': 'ready' } },
        expected: all,
      },
      {
        title: 'Cluster: not a node that is unready, nor one kept from load balancers',
        facts: {
          policy: 'Cluster',
          nodes: { 'node-2': { isReady: false }, 'node-4': { isExcluded: true } },
          pods: { 'node-2': 'ready' },
        },
        expected: 'node-1 node-3',
      },
      {
        title: 'Local: only nodes with a ready Pod',
        facts: { policy: 'Local', pods: { 'node-1': 'ready', 'node-2': 'unready', 'node-3': 'ready' } },
        expected: 'node-1 node-3',
      },
      {
        title: 'Local: a terminating Pod keeps no node while another has a ready one',
        facts: { policy: 'Local', pods: { ...leaving, 'node-2': 'ready' } },
        expected: 'node-2',
      },
      {
        title: 'Local: nodes with terminating Pods when none is ready',
        facts: { policy: 'Local', pods: { ...leaving, 'node-2': 'unready' } },
        expected: 'node-1 node-3',
      },
      { title: 'Local: no Pod, no node', facts: { policy: 'Local', pods: {} }, expected: 'status 503' },
      {
        title: 'Local: a ready Pod on a node that is kept from load balancers does not count',
        facts: {
          policy: 'Local',
          nodes: { 'node-1': { isExcluded: true } },
          pods: { 'node-1': 'ready', 'node-2': 'ready' },
        },
        expected: 'node-2',
      },
    ])('$title', async ({ title, facts, expected }) => {
      folder.replace('web.yaml', manifests(facts))
      expect(await waitFor(title, nodesAnswering, (names) => names === expected)).toBe(expected)
    })
  },
)
