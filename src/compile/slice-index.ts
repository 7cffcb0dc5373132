import { normaliseIp } from '../model/address.ts'
import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import { serviceOfSlice } from './endpoint-slice.ts'

/** namespace/service/slice: a slice in the Service that it belongs to. */
export type SliceRef = string

/** Finds the slices that must be judged again when a Pod, or the holder of an address, changes. */
export class SliceIndex {
  readonly #byPod = new Map<string, Set<SliceRef>>()
  /** Only of endpoints that name no Pod: for others it does not matter who else holds their address. */
  readonly #byAddress = new Map<string, Set<SliceRef>>()

  /** @param pod namespace/name */
  ofPod(pod: string): readonly SliceRef[] {
    return [...(this.#byPod.get(pod) ?? [])]
  }

  ofAddress(address: string): readonly SliceRef[] {
    return [...(this.#byAddress.get(address) ?? [])]
  }

  replace(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    if (before !== undefined) this.#each(before, remove)
    if (after !== undefined) this.#each(after, add)
  }

  #each(
    slice: EndpointSlice,
    act: (index: Map<string, Set<SliceRef>>, key: string, ref: SliceRef) => void,
  ): void {
    const service = serviceOfSlice(slice)
    if (service === undefined) return
    const ref = `${service}/${slice.meta.name}`
    for (const { targetRef, addresses } of slice.endpoints) {
      if (targetRef?.kind === 'Pod') act(this.#byPod, `${slice.meta.namespace}/${targetRef.name}`, ref)
      else for (const address of addresses) act(this.#byAddress, normaliseIp(address) ?? address, ref)
    }
  }
}

function add(index: Map<string, Set<SliceRef>>, key: string, ref: SliceRef): void {
  const refs = index.get(key)
  if (refs === undefined) index.set(key, new Set([ref]))
  else refs.add(ref)
}

function remove(index: Map<string, Set<SliceRef>>, key: string, ref: SliceRef): void {
  const refs = index.get(key)
  refs?.delete(ref)
  if (refs?.size === 0) index.delete(key)
}
