import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import type { NetworkPolicy } from '../model/objects/network-policy.ts'
import { type KubeObject, keyOf } from '../model/objects/object.ts'
import type { Pod } from '../model/objects/pod.ts'
import type { Workload } from '../model/objects/workload.ts'
import { serviceOfSlice } from './endpoint-slice.ts'

interface Contents {
  readonly services: Set<string>
  readonly pods: Map<string, Pod>
  readonly policies: Map<string, NetworkPolicy>
  readonly workloads: Map<string, Workload>
}

const EMPTY: Contents = emptyContents()

/** Finds the objects of a namespace, and the slices of a Service (namespace/name), without a scan of the cluster. */
export class NamespaceIndex {
  readonly #contents = new Map<string, Contents>()
  readonly #slices = new Map<string, Map<string, EndpointSlice>>()

  services(namespace: string): Iterable<string> {
    return this.#of(namespace).services
  }

  pods(namespace: string): Iterable<Pod> {
    return this.#of(namespace).pods.values()
  }

  pod(namespace: string, name: string): Pod | undefined {
    return this.#of(namespace).pods.get(name)
  }

  policies(namespace: string): Iterable<NetworkPolicy> {
    return this.#of(namespace).policies.values()
  }

  workloads(namespace: string): Iterable<Workload> {
    return this.#of(namespace).workloads.values()
  }

  slices(service: string): Iterable<EndpointSlice> {
    return this.#slices.get(service)?.values() ?? []
  }

  slice(service: string, name: string): EndpointSlice | undefined {
    return this.#slices.get(service)?.get(name)
  }

  add(object: KubeObject): void {
    if (object.kind === 'EndpointSlice') {
      const service = serviceOfSlice(object)
      if (service === undefined) return
      const slices = this.#slices.get(service) ?? new Map<string, EndpointSlice>()
      this.#slices.set(service, slices.set(object.meta.name, object))
      return
    }
    const { namespace, name } = object.meta
    const contents = this.#contents.get(namespace) ?? emptyContents()
    this.#contents.set(namespace, contents)
    if (object.kind === 'Service') contents.services.add(`${namespace}/${name}`)
    else if (object.kind === 'Pod') contents.pods.set(name, object)
    else if (object.kind === 'NetworkPolicy') contents.policies.set(name, object)
    else if (isWorkload(object)) contents.workloads.set(keyOf(object), object)
  }

  remove(object: KubeObject): void {
    if (object.kind === 'EndpointSlice') {
      const service = serviceOfSlice(object) ?? ''
      const slices = this.#slices.get(service)
      slices?.delete(object.meta.name)
      if (slices?.size === 0) this.#slices.delete(service)
      return
    }
    const { namespace, name } = object.meta
    const { services, pods, policies, workloads } = this.#of(namespace)
    if (object.kind === 'Service') services.delete(`${namespace}/${name}`)
    else if (object.kind === 'Pod') pods.delete(name)
    else if (object.kind === 'NetworkPolicy') policies.delete(name)
    else workloads.delete(keyOf(object))
    if (services.size + pods.size + policies.size + workloads.size === 0) this.#contents.delete(namespace)
  }

  #of(namespace: string): Contents {
    return this.#contents.get(namespace) ?? EMPTY
  }
}

function emptyContents(): Contents {
  return { services: new Set(), pods: new Map(), policies: new Map(), workloads: new Map() }
}

function isWorkload(object: KubeObject): object is Workload {
  return 'spec' in object && 'template' in object.spec
}
