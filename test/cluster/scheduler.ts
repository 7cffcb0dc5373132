import { KeyedWorker } from './keyed-worker.ts'
import { ApiError, type KubeApi } from './kube-api.ts'
import { type Node, type Pod, podPath } from './objects.ts'

/** Binds each Pod to the fitting Node with the fewest. Knows nodeSelector and the Node that a DaemonSet asks for. */
export class Scheduler {
  readonly #api: KubeApi
  readonly #nodes = new Map<string, Node>()
  readonly #unbound = new Map<string, Pod>()
  readonly #placed = new Map<string, string>()
  readonly #worker = new KeyedWorker((key) => this.#bind(key))

  constructor(api: KubeApi) {
    this.#api = api
  }

  onNode(name: string, node: Node | undefined): void {
    if (node === undefined) this.#nodes.delete(name)
    else this.#nodes.set(name, node)
    for (const key of this.#unbound.keys()) this.#worker.poke(key)
  }

  onPod(key: string, pod: Pod | undefined): void {
    if (pod?.spec.nodeName !== undefined) this.#placed.set(key, pod.spec.nodeName)
    if (pod === undefined) this.#placed.delete(key)
    if (pod === undefined || !isWaiting(pod)) {
      this.#unbound.delete(key)
      return
    }
    this.#unbound.set(key, pod)
    this.#worker.poke(key)
  }

  async stop(): Promise<void> {
    await this.#worker.stop()
  }

  async #bind(key: string): Promise<void> {
    const pod = this.#unbound.get(key)
    const node = pod && this.#choose(pod)
    if (pod === undefined || node === undefined) return
    // At once, so that Pods which are bound side by side spread too.
    this.#placed.set(key, node)
    try {
      await this.#api.send('POST', `${podPath(pod)}/binding`, {
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name: pod.metadata.name, uid: pod.metadata.uid },
          target: { apiVersion: 'v1', kind: 'Node', name: node },
        },
      })
      this.#unbound.delete(key)
    } catch (error) {
      // Gone, or bound already by a call whose answer was lost.
      if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return
      this.#placed.delete(key)
      throw error
    }
  }

  #choose(pod: Pod): string | undefined {
    const counts = new Map<string, number>()
    for (const name of this.#placed.values()) counts.set(name, (counts.get(name) ?? 0) + 1)
    return [...this.#nodes.values()]
      .filter((node) => fits(pod, node))
      .map((node) => node.metadata.name)
      .sort((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0) || (a < b ? -1 : 1))[0]
  }
}

function isWaiting({ metadata, spec }: Pod): boolean {
  return (
    spec.nodeName === undefined &&
    metadata.deletionTimestamp === undefined &&
    spec.schedulingGates.length === 0
  )
}

function fits({ spec }: Pod, { metadata, spec: { unschedulable } }: Node): boolean {
  const wanted = namesWanted(spec.affinity)
  if (wanted.length > 0) return wanted.includes(metadata.name)
  return (
    !unschedulable &&
    Object.entries(spec.nodeSelector).every(([key, value]) => metadata.labels[key] === value)
  )
}

function namesWanted(affinity: Pod['spec']['affinity']): readonly string[] {
  const terms =
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  return terms.flatMap(({ matchFields }) =>
    matchFields.filter(({ key }) => key === 'metadata.name').flatMap(({ values }) => values),
  )
}
