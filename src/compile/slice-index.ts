import { carriedIpv4, parseIp } from '../model/address.ts'
import { ByName } from '../model/objects/by-name.ts'
import type { EndpointSlice } from '../model/objects/endpoint-slice.ts'
import { serviceOfSlice } from './endpoint-slice.ts'
import { allOf, type OneOrMore, withOne, withoutOne } from './one-or-more.ts'

/** namespace/service/slice: a slice in the Service that it belongs to. */
export type SliceRef = string

/** Finds the slices that must be judged again when a Pod, or the holder of an address, changes. */
export class SliceIndex {
  readonly #byPod: Index = new ByName()
  /** Only of endpoints that name no Pod: for others it does not matter who else holds their address. */
  readonly #byAddress: Index = new ByName()

  ofPod(namespace: string, name: string): readonly SliceRef[] {
    return allOf(this.#byPod.get(namespace, name))
  }

  ofAddress(address: string): readonly SliceRef[] {
    return allOf(this.#byAddress.get('', address))
  }

  replace(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    if (before !== undefined) this.#each(before, remove)
    if (after !== undefined) this.#each(after, add)
  }

  #each(slice: EndpointSlice, act: typeof add): void {
    const service = serviceOfSlice(slice)
    if (service === undefined) return
    const { namespace, name } = slice.meta
    const ref = `${service}/${name}`
    for (const { targetRef, addresses } of slice.endpoints) {
      if (targetRef?.kind === 'Pod') act(this.#byPod, namespace, targetRef.name, ref)
      else for (const address of addresses.flatMap(reachedBy)) act(this.#byAddress, '', address, ref)
    }
  }
}

/** The address in its normal form, and those that it carries. */
function reachedBy(text: string): string[] {
  const address = parseIp(text)
  return address === undefined ? [text] : [address.toString(), ...carriedIpv4(address).map(String)]
}

type Index = ByName<OneOrMore<SliceRef>>

function add(index: Index, place: string, name: string, ref: SliceRef): void {
  index.set(place, name, withOne(index.get(place, name), ref))
}

function remove(index: Index, place: string, name: string, ref: SliceRef): void {
  const rest = withoutOne(index.get(place, name), ref)
  if (rest === undefined) index.delete(place, name)
  else index.set(place, name, rest)
}
