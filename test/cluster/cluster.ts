import * as v from 'valibot'
import { type AddressRange, rangeOfWorker } from './addresses.ts'
import { Applier } from './apply.ts'
import { ControlPlane } from './control-plane.ts'
import { KubeApi, type KubeObject, objectSchema } from './kube-api.ts'
import type { Kubeconfig } from './kubeconfig.ts'
import { NodeAgent } from './node-agent.ts'
import { waitFor } from './wait-for.ts'

export interface ClusterOptions {
  readonly binaries: string
  readonly nodes?: number
  readonly range?: AddressRange
}

const tokenSchema = v.object({ status: v.object({ token: v.string() }) })

/** A control plane, the stand-ins for its scheduler and kubelets, and an admin's hands on it. */
export class Cluster {
  readonly plane: ControlPlane
  readonly api: KubeApi
  readonly objects: Applier
  readonly nodes: NodeAgent

  private constructor(plane: ControlPlane, api: KubeApi, nodes: NodeAgent) {
    this.plane = plane
    this.api = api
    this.objects = new Applier(api)
    this.nodes = nodes
  }

  static async start({
    binaries,
    nodes = 3,
    range = rangeOfWorker(Number(process.env.VITEST_POOL_ID ?? 1)),
  }: ClusterOptions): Promise<Cluster> {
    const plane = await ControlPlane.start(binaries)
    try {
      const agent = await NodeAgent.start(new KubeApi(plane, plane.adminToken), { nodes, range })
      return new Cluster(plane, new KubeApi(plane, plane.adminToken), agent)
    } catch (error) {
      await plane.stop()
      throw error
    }
  }

  /** A namespace that Pods can be made in: once it has its service account. */
  async createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.api.send('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
    })
    await waitFor(
      `the service account of namespace ${name}`,
      () => this.api.get(`/api/v1/namespaces/${name}/serviceaccounts/default`),
      () => true,
    )
  }

  /** What a Pod of that service account would come with: for a program that runs with exactly its Role. */
  async kubeconfigOf(namespace: string, serviceAccount: string): Promise<Kubeconfig> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
    const answer = v.parse(tokenSchema, await this.api.send('POST', path, { body }))
    return this.plane.kubeconfigFor(answer.status.token, namespace)
  }

  /** The objects under a path such as `/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb`. */
  async list(path: string): Promise<readonly KubeObject[]> {
    return v.parse(v.array(objectSchema), (await this.api.list(path)).items)
  }

  async stop(): Promise<void> {
    await this.nodes.stop()
    await this.api.close()
    await this.plane.stop()
  }
}
