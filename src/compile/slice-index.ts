import { normaliseIp } from '../model/address.ts'
import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import { serviceOfSlice } from './endpoint-slice.ts'

/** namespace/service/slice: a slice in the Service that it belongs to. */
export type SliceRef = string

/** Lists, since a Pod is seldom in more than a few slices, and a set for each takes several times as much. */
type Index = Map<string, readonly SliceRef[]>

/** Finds the slices that must be judged again when a Pod, or the holder of an address, changes. */
export class SliceIndex {
  readonly #byPod: Index = new Map()
  /** Only of endpoints that name no Pod: for others it does not matter who else holds their address. */
  readonly #byAddress: Index = new Map()

  /** @param pod namespace/name */
  ofPod(pod: string): readonly SliceRef[] {
    return this.#byPod.get(pod) ?? []
  }

  ofAddress(address: string): readonly SliceRef[] {
    return this.#byAddress.get(address) ?? []
  }

  replace(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    if (before !== undefined) this.#each(before, remove)
    if (after !== undefined) this.#each(after, add)
  }

  #each(slice: EndpointSlice, act: (index: Index, key: string, ref: SliceRef) => void): void {
    const service = serviceOfSlice(slice)
    if (service === undefined) return
    const ref = `${service}/${slice.meta.name}`
    for (const { targetRef, addresses } of slice.endpoints) {
      if (targetRef?.kind === 'Pod') act(this.#byPod, `${slice.meta.namespace}/${targetRef.name}`, ref)
      else for (const address of addresses) act(this.#byAddress, normaliseIp(address) ?? address, ref)
    }
  }
}

function add(index: Index, key: string, ref: SliceRef): void {
  const refs = index.get(key)
  // A list that is spread or pushed to has room for many more.
  if (refs === undefined) index.set(key, [ref])
  else if (!refs.includes(ref)) index.set(key, refs.concat(ref))
}

function remove(index: Index, key: string, ref: SliceRef): void {
  const rest = index.get(key)?.filter((each) => each !== ref)
  if (rest === undefined || rest.length === 0) index.delete(key)
  else index.set(key, rest)
}
