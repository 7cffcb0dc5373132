import { ByName } from '../model/objects/by-name.ts'
import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import type { NetworkPolicy } from '../model/objects/network-policy.ts'
import { type KubeObject, splitKey } from '../model/objects/object.ts'
import type { Pod } from '../model/objects/pod.ts'
import { type Workload, workloadKinds } from '../model/objects/workload.ts'
import { serviceOfSlice } from './endpoint-slice.ts'

/**
 * Every object, and a way to those of a namespace, and to the slices of a Service (namespace/name), without a scan of the
 * cluster.
 */
export class NamespaceIndex {
  readonly #objects = new ByName<KubeObject>()
  readonly #slices = new ByName<EndpointSlice>()

  /** By kind/namespace/name. */
  object(key: string): KubeObject | undefined {
    const { kind, namespace, name } = splitKey(key)
    return this.#objects.get(placeOf(kind, namespace), name)
  }

  *services(namespace: string): Iterable<string> {
    for (const name of this.#of('Service', namespace).keys()) yield `${namespace}/${name}`
  }

  *pods(namespace: string): Iterable<Pod> {
    for (const object of this.#of('Pod', namespace).values()) if (object.kind === 'Pod') yield object
  }

  pod(namespace: string, name: string): Pod | undefined {
    const object = this.#objects.get(placeOf('Pod', namespace), name)
    return object?.kind === 'Pod' ? object : undefined
  }

  *policies(namespace: string): Iterable<NetworkPolicy> {
    for (const object of this.#of('NetworkPolicy', namespace).values()) {
      if (object.kind === 'NetworkPolicy') yield object
    }
  }

  *workloads(namespace: string): Iterable<Workload> {
    for (const kind of workloadKinds) {
      for (const object of this.#of(kind, namespace).values()) if (object.kind === kind) yield object
    }
  }

  slices(service: string): Iterable<EndpointSlice> {
    return this.#slices.of(service).values()
  }

  slice(service: string, name: string): EndpointSlice | undefined {
    return this.#slices.get(service, name)
  }

  add(object: KubeObject): void {
    const { namespace, name } = object.meta
    this.#objects.set(placeOf(object.kind, namespace), name, object)
    const service = object.kind === 'EndpointSlice' ? serviceOfSlice(object) : undefined
    if (service !== undefined && object.kind === 'EndpointSlice') this.#slices.set(service, name, object)
  }

  remove(object: KubeObject): void {
    const { namespace, name } = object.meta
    this.#objects.delete(placeOf(object.kind, namespace), name)
    const service = object.kind === 'EndpointSlice' ? serviceOfSlice(object) : undefined
    if (service !== undefined) this.#slices.delete(service, name)
  }

  #of(kind: KubeObject['kind'], namespace: string): ReadonlyMap<string, KubeObject> {
    return this.#objects.of(placeOf(kind, namespace))
  }
}

function placeOf(kind: string, namespace: string): string {
  return `${kind}/${namespace}`
}
