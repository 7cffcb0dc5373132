import { setTimeout as pause } from 'node:timers/promises'
import type { PodAddresses } from './addresses.ts'
import { KeyedWorker } from './keyed-worker.ts'
import { ApiError, type KubeApi } from './kube-api.ts'
import { internalAddress, type Node, type Pod, podPath } from './objects.ts'
import { PodServer } from './pod-server.ts'
import { statusPatch } from './pod-status.ts'
import { RunningPod } from './running-pod.ts'

/** "false" makes a Pod unready, as a failing readiness probe would. */
export const READY_ANNOTATION = 'test.postern.dev/ready'

/** How long a Pod serves after its deletion where no preStop sleep says so. */
const DEFAULT_DRAIN_MS = 500

/** The kubelet of every Node: serves what each Pod would, on the Pod's own address, and tells the API server. */
export class Kubelet {
  readonly #api: KubeApi
  readonly #addresses: PodAddresses
  readonly #nodes = new Map<string, Node>()
  readonly #pods = new Map<string, Pod>()
  readonly #running = new Map<string, RunningPod>()
  readonly #crashed = new Set<string>()
  readonly #worker = new KeyedWorker((key) => this.#reconcile(key))

  constructor(api: KubeApi, addresses: PodAddresses) {
    this.#api = api
    this.#addresses = addresses
  }

  onNode(name: string, node: Node | undefined): void {
    if (node === undefined) this.#nodes.delete(name)
    else this.#nodes.set(name, node)
    for (const key of this.#pods.keys()) if (!this.#running.has(key)) this.#worker.poke(key)
  }

  onPod(key: string, pod: Pod | undefined): void {
    if (pod !== undefined) this.#pods.set(key, pod)
    else {
      this.#pods.delete(key)
      this.#crashed.delete(key)
      // Deleted by force: its process does not get to finish anything.
      this.#running.get(key)?.destroy()
    }
    this.#worker.poke(key)
  }

  /** Ends a Pod's process at once, and for good; the API server hears of it after the clients. */
  crash(namespace: string, name: string): void {
    for (const [key, { metadata }] of this.#pods) {
      if (metadata.namespace !== namespace || metadata.name !== name) continue
      this.#crashed.add(key)
      this.#running.get(key)?.destroy()
      this.#worker.poke(key)
    }
  }

  async stop(): Promise<void> {
    for (const running of this.#running.values()) running.destroy()
    await this.#worker.stop()
    for (const running of this.#running.values()) running.destroy()
  }

  async #reconcile(key: string): Promise<void> {
    const pod = this.#pods.get(key)
    if (pod === undefined) this.#forget(key)
    else if (pod.metadata.deletionTimestamp !== undefined) await this.#terminate(key, pod)
    else if (pod.spec.nodeName !== undefined) await this.#run(key, pod, pod.spec.nodeName)
  }

  #forget(key: string): void {
    const running = this.#running.get(key)
    if (running === undefined) return
    running.destroy()
    this.#running.delete(key)
    if (running.server.address !== running.hostAddress) this.#addresses.release(running.server.address)
  }

  async #run(key: string, pod: Pod, nodeName: string): Promise<void> {
    const node = this.#nodes.get(nodeName)
    const hostAddress = node && internalAddress(node)
    if (hostAddress === undefined) return
    let running = this.#running.get(key)
    if (running === undefined) {
      running = new RunningPod(await this.#serve(pod, hostAddress), hostAddress)
      this.#running.set(key, running)
    }
    await this.#report(
      pod,
      running,
      pod.metadata.annotations[READY_ANNOTATION] !== 'false' && !this.#crashed.has(key),
    )
  }

  async #serve(pod: Pod, hostAddress: string): Promise<PodServer> {
    if (pod.spec.hostNetwork) return await PodServer.start(pod, hostAddress)
    const address = this.#addresses.take()
    try {
      return await PodServer.start(pod, address)
    } catch (error) {
      // Tried again, at the next address.
      this.#addresses.release(address)
      throw error
    }
  }

  async #report(pod: Pod, running: RunningPod, isReady: boolean): Promise<void> {
    if (running.hasReported(isReady)) return
    await this.#api.send('PATCH', `${podPath(pod)}/status`, {
      body: statusPatch(pod, running.stateWhen(isReady)),
      contentType: 'application/merge-patch+json',
    })
    running.reported(isReady)
  }

  async #terminate(key: string, pod: Pod): Promise<void> {
    const graceMs = pod.metadata.deletionGracePeriodSeconds * 1_000
    const running = this.#running.get(key)
    if (running !== undefined) {
      const drainMs = Math.min(graceMs, drainMsOf(pod))
      const leftMs = running.drainTimeLeftMs(drainMs)
      await pause(leftMs, undefined, { signal: running.gone }).catch(() => {})
      // An API server that is away keeps no process alive.
      await this.#report(pod, running, false).catch(() => {})
      await running.server.close(graceMs - drainMs, running.gone)
    }
    await this.#remove(pod)
  }

  async #remove(pod: Pod): Promise<void> {
    try {
      const body = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } }
      await this.#api.send('DELETE', podPath(pod), { body })
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 409)) throw error
    }
  }
}

function drainMsOf({ spec }: Pod): number {
  const sleeps = spec.containers.flatMap(({ lifecycle }) => lifecycle?.preStop?.sleep ?? [])
  if (sleeps.length === 0) return DEFAULT_DRAIN_MS
  return Math.max(...sleeps.map(({ seconds }) => seconds * 1_000))
}
