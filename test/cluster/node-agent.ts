import { type AddressRange, nodeAddress, PodAddresses } from './addresses.ts'
import { type Follower, followObjects } from './follow-objects.ts'
import type { KubeApi } from './kube-api.ts'
import { Kubelet } from './kubelet.ts'
import { type Node, type Pod, parseNode, parsePod, podKey } from './objects.ts'
import { Scheduler } from './scheduler.ts'

const ZONES = ['zone-a', 'zone-b', 'zone-c']

export interface NodeAgentOptions {
  readonly nodes: number
  readonly range: AddressRange
}

/** Stands in for the scheduler and for the kubelet of each Node. Its addresses must be local ones. */
export class NodeAgent {
  readonly #api: KubeApi
  readonly #scheduler: Scheduler
  readonly #kubelet: Kubelet
  readonly #stopping = new AbortController()
  readonly #followers: Promise<unknown>

  private constructor(api: KubeApi, range: AddressRange) {
    this.#api = api
    this.#scheduler = new Scheduler(api)
    this.#kubelet = new Kubelet(api, new PodAddresses(range))
    this.#followers = Promise.all([
      followObjects(api, this.#nodes(), this.#stopping.signal),
      followObjects(api, this.#pods(), this.#stopping.signal),
    ])
  }

  static async start(api: KubeApi, { nodes, range }: NodeAgentOptions): Promise<NodeAgent> {
    for (let index = 0; index < nodes; index++) await register(api, index, nodeAddress(range, index))
    return new NodeAgent(api, range)
  }

  /** Ends a Pod's process at once and for good, with no word to its clients. */
  crash(namespace: string, name: string): void {
    this.#kubelet.crash(namespace, name)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#api.close()
    await this.#followers
    await this.#scheduler.stop()
    await this.#kubelet.stop()
  }

  #nodes(): Follower<Node> {
    return {
      path: '/api/v1/nodes',
      parse: parseNode,
      keyOf: (node) => node.metadata.name,
      onChange: (name, node) => {
        this.#scheduler.onNode(name, node)
        this.#kubelet.onNode(name, node)
      },
    }
  }

  #pods(): Follower<Pod> {
    return {
      path: '/api/v1/pods',
      parse: parsePod,
      keyOf: podKey,
      onChange: (key, pod) => {
        this.#scheduler.onPod(key, pod)
        this.#kubelet.onPod(key, pod)
      },
    }
  }
}

async function register(api: KubeApi, index: number, address: string): Promise<void> {
  const name = `node-${index + 1}`
  const zone = ZONES[index % ZONES.length]
  await api.send('POST', '/api/v1/nodes', {
    body: {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': 'linux',
          'topology.kubernetes.io/region': 'region-1',
          'topology.kubernetes.io/zone': zone,
        },
      },
    },
  })
  const since = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  await api.send('PATCH', `/api/v1/nodes/${name}/status`, {
    contentType: 'application/merge-patch+json',
    body: {
      status: {
        addresses: [
          { type: 'InternalIP', address },
          { type: 'Hostname', address: name },
        ],
        capacity: { cpu: '64', memory: '256Gi', pods: '1000' },
        allocatable: { cpu: '64', memory: '256Gi', pods: '1000' },
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'KubeletReady',
            lastHeartbeatTime: since,
            lastTransitionTime: since,
          },
        ],
      },
    },
  })
}
