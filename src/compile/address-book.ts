import { normaliseIp } from '../model/address.ts'
import { type EndpointSlice, SERVICE_NAME_LABEL } from '../model/objects/endpoint-slice.ts'
import type { KubeObject } from '../model/objects/object.ts'
import { isPodFinished, podAddresses } from '../model/objects/pod.ts'

/** Of several holders of one address the first of these is named, whichever came first. */
const holders = ['the API server', 'a Node', 'a Service', 'a Pod'] as const

export type AddressHolder = (typeof holders)[number]

/** Who holds an address: one, or (when there are several) how many of whom. Most have one. */
type Held = AddressHolder | Map<AddressHolder, number>

/** Whose addresses are whose, over the whole cluster. */
export class AddressBook {
  /** Counts, not lists: the address at which gateways are reached is that of every Service that they stand before. */
  readonly #held = new Map<string, Held>()

  /** Who holds an address (normalised), if anybody does. */
  holderOf(address: string): AddressHolder | undefined {
    const held = this.#held.get(address)
    return typeof held === 'object' ? holders.find((holder) => held.has(holder)) : held
  }

  /**
   * @param before the very object that was given as `after`
   * @returns the addresses of which another holder is to be named now, or none any more
   */
  replace(before: KubeObject | undefined, after: KubeObject | undefined): string[] {
    const old = before === undefined ? [] : addressesOf(before)
    const now = after === undefined ? [] : addressesOf(after)
    if (old.length === 0 && now.length === 0) return []
    const touched = new Set([...old, ...now])
    const was = [...touched].map((address) => this.holderOf(address))
    if (before !== undefined) for (const address of old) this.#leave(address, holderOf(before))
    if (after !== undefined) for (const address of now) this.#hold(address, holderOf(after))
    return [...touched].filter((address, i) => this.holderOf(address) !== was[i])
  }

  #hold(address: string, holder: AddressHolder): void {
    const held = this.#held.get(address)
    if (held === undefined) this.#held.set(address, holder)
    else if (typeof held === 'object') held.set(holder, (held.get(holder) ?? 0) + 1)
    else
      this.#held.set(
        address,
        held === holder
          ? new Map([[holder, 2]])
          : new Map([
              [held, 1],
              [holder, 1],
            ]),
      )
  }

  #leave(address: string, holder: AddressHolder): void {
    const held = this.#held.get(address)
    if (typeof held !== 'object') {
      this.#held.delete(address)
      return
    }
    const left = (held.get(holder) ?? 0) - 1
    if (left > 0) held.set(holder, left)
    else held.delete(holder)
    const [[last, count] = []] = held
    if (held.size === 1 && count === 1 && last !== undefined) this.#held.set(address, last)
  }
}

function addressesOf(object: KubeObject): string[] {
  switch (object.kind) {
    case 'Pod':
      return isPodFinished(object) ? [] : normalised(podAddresses(object))
    case 'Node':
      return normalised(object.status.addresses.map(({ address }) => address))
    case 'Service': {
      const { clusterIP, clusterIPs, externalIPs } = object.spec
      const balancers = object.status.loadBalancer.ingress.map(({ ip }) => ip ?? '')
      return normalised([clusterIP ?? '', ...clusterIPs, ...externalIPs, ...balancers])
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
