import { normaliseIp } from '../model/address.ts'
import { type EndpointSlice, SERVICE_NAME_LABEL } from '../model/objects/endpoint-slice.ts'
import { type KubeObject, keyOf } from '../model/objects/object.ts'
import { podAddresses } from '../model/objects/pod.ts'

export type AddressHolder = 'a Pod' | 'a Node' | 'a Service' | 'the API server'

/** Whose addresses are whose, over the whole cluster. */
export class AddressBook {
  readonly #holders = new Map<string, Map<string, AddressHolder>>()

  /** Who holds an address (normalised), if anybody does. */
  holderOf(address: string): AddressHolder | undefined {
    return this.#holders.get(address)?.values().next().value
  }

  /** @returns the addresses that somebody holds now and nobody did before, or the other way round. */
  replace(before: KubeObject | undefined, after: KubeObject | undefined): string[] {
    const old = before === undefined ? [] : addressesOf(before)
    const now = after === undefined ? [] : addressesOf(after)
    const some = after ?? before
    if (some === undefined || (old.length === 0 && now.length === 0)) return []
    const touched = new Set([...old, ...now])
    const was = [...touched].map((address) => this.#holders.has(address))
    const key = keyOf(some)
    for (const address of old) this.#leave(address, key)
    for (const address of now) this.#hold(address, key, holderOf(some))
    return [...touched].filter((address, i) => this.#holders.has(address) !== was[i])
  }

  #hold(address: string, key: string, holder: AddressHolder): void {
    const holders = this.#holders.get(address) ?? new Map<string, AddressHolder>()
    this.#holders.set(address, holders.set(key, holder))
  }

  #leave(address: string, key: string): void {
    const holders = this.#holders.get(address)
    holders?.delete(key)
    if (holders?.size === 0) this.#holders.delete(address)
  }
}

function addressesOf(object: KubeObject): string[] {
  switch (object.kind) {
    case 'Pod':
      return normalised(podAddresses(object))
    case 'Node':
      return normalised(object.status.addresses.map(({ address }) => address))
    case 'Service': {
      const { clusterIP, clusterIPs, externalIPs } = object.spec
      return normalised([clusterIP ?? '', ...clusterIPs, ...externalIPs])
    }
    case 'EndpointSlice':
      return isApiServer(object) ? normalised(object.endpoints.flatMap(({ addresses }) => addresses)) : []
    default:
      return []
  }
}

function holderOf(object: KubeObject): AddressHolder {
  if (object.kind === 'Pod') return 'a Pod'
  if (object.kind === 'Node') return 'a Node'
  return object.kind === 'Service' ? 'a Service' : 'the API server'
}

/** The slice that the API server writes for itself. */
function isApiServer({ meta }: EndpointSlice): boolean {
  return meta.namespace === 'default' && meta.labels[SERVICE_NAME_LABEL] === 'kubernetes'
}

function normalised(addresses: readonly string[]): string[] {
  return [...new Set(addresses.flatMap((address) => normaliseIp(address) ?? []))]
}
