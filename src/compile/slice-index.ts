import { normaliseIp } from '../model/address.ts'
import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import { serviceOfSlice } from './endpoint-slice.ts'
import { allOf, type OneOrMore, withOne, withoutOne } from './one-or-more.ts'

/** namespace/service/slice: a slice in the Service that it belongs to. */
export type SliceRef = string

type Index = Map<string, OneOrMore<SliceRef>>

/** Finds the slices that must be judged again when a Pod, or the holder of an address, changes. */
export class SliceIndex {
  /** By namespace, then by name: the name is the slice's own, and no text more for each Pod. */
  readonly #byPod = new Map<string, Index>()
  /** Only of endpoints that name no Pod: for others it does not matter who else holds their address. */
  readonly #byAddress: Index = new Map()

  ofPod(namespace: string, name: string): readonly SliceRef[] {
    return allOf(this.#byPod.get(namespace)?.get(name))
  }

  ofAddress(address: string): readonly SliceRef[] {
    return allOf(this.#byAddress.get(address))
  }

  replace(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    if (before !== undefined) this.#each(before, remove)
    if (after !== undefined) this.#each(after, add)
  }

  #each(slice: EndpointSlice, act: (index: Index, key: string, ref: SliceRef) => void): void {
    const service = serviceOfSlice(slice)
    if (service === undefined) return
    const { namespace, name } = slice.meta
    const ref = `${service}/${name}`
    const pods = this.#byPod.get(namespace) ?? new Map()
    for (const { targetRef, addresses } of slice.endpoints) {
      if (targetRef?.kind === 'Pod') act(pods, targetRef.name, ref)
      else for (const address of addresses) act(this.#byAddress, normaliseIp(address) ?? address, ref)
    }
    if (pods.size === 0) this.#byPod.delete(namespace)
    else this.#byPod.set(namespace, pods)
  }
}

function add(index: Index, key: string, ref: SliceRef): void {
  index.set(key, withOne(index.get(key), ref))
}

function remove(index: Index, key: string, ref: SliceRef): void {
  const rest = withoutOne(index.get(key), ref)
  if (rest === undefined) index.delete(key)
  else index.set(key, rest)
}
