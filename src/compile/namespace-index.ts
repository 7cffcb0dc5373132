import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import type { NetworkPolicy } from '../model/objects/network-policy.ts'
import { type KubeObject, splitKey } from '../model/objects/object.ts'
import type { Pod } from '../model/objects/pod.ts'
import { type Workload, workloadKinds } from '../model/objects/workload.ts'
import { serviceOfSlice } from './endpoint-slice.ts'

/**
 * Every object, and a way to those of a namespace, and to the slices of a Service (namespace/name), without a scan of the
 * cluster. By kind and namespace, then by name: the name is the object's own, where a key of all three would be a text
 * more for each of a hundred thousand Pods.
 */
export class NamespaceIndex {
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #slices = new Map<string, Map<string, EndpointSlice>>()

  /** By kind/namespace/name. */
  object(key: string): KubeObject | undefined {
    const { kind, namespace, name } = splitKey(key)
    return this.#objects.get(placeOf(kind, namespace))?.get(name)
  }

  *services(namespace: string): Iterable<string> {
    for (const name of this.#of('Service', namespace).keys()) yield `${namespace}/${name}`
  }

  *pods(namespace: string): Iterable<Pod> {
    for (const object of this.#of('Pod', namespace).values()) if (object.kind === 'Pod') yield object
  }

  pod(namespace: string, name: string): Pod | undefined {
    const object = this.#of('Pod', namespace).get(name)
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
    return this.#slices.get(service)?.values() ?? []
  }

  slice(service: string, name: string): EndpointSlice | undefined {
    return this.#slices.get(service)?.get(name)
  }

  add(object: KubeObject): void {
    const { namespace, name } = object.meta
    addTo(this.#objects, placeOf(object.kind, namespace), name, object)
    const service = object.kind === 'EndpointSlice' ? serviceOfSlice(object) : undefined
    if (service !== undefined && object.kind === 'EndpointSlice') addTo(this.#slices, service, name, object)
  }

  remove(object: KubeObject): void {
    const { namespace, name } = object.meta
    removeFrom(this.#objects, placeOf(object.kind, namespace), name)
    const service = object.kind === 'EndpointSlice' ? serviceOfSlice(object) : undefined
    if (service !== undefined) removeFrom(this.#slices, service, name)
  }

  #of(kind: KubeObject['kind'], namespace: string): ReadonlyMap<string, KubeObject> {
    return this.#objects.get(placeOf(kind, namespace)) ?? NONE
  }
}

const NONE: ReadonlyMap<string, KubeObject> = new Map()

function placeOf(kind: string, namespace: string): string {
  return `${kind}/${namespace}`
}

function addTo<V>(maps: Map<string, Map<string, V>>, outer: string, inner: string, value: V): void {
  const map = maps.get(outer)
  if (map === undefined) maps.set(outer, new Map([[inner, value]]))
  else map.set(inner, value)
}

function removeFrom<V>(maps: Map<string, Map<string, V>>, outer: string, inner: string): void {
  const map = maps.get(outer)
  map?.delete(inner)
  if (map?.size === 0) maps.delete(outer)
}
