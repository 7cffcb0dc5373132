import { normaliseIp } from '../model/address.ts'
import { type EndpointSlice, SERVICE_NAME_LABEL } from '../model/objects/endpoint-slice.ts'
import type { KubeObject } from '../model/objects/object.ts'
import { isPodFinished, podAddresses } from '../model/objects/pod.ts'
import { allOf, type OneOrMore, withOne, withoutOne } from './one-or-more.ts'

/** Of several holders of one address the first of these is named, whichever came first. */
const holders = ['the API server', 'a Node', 'a Service', 'a Pod'] as const

export type AddressHolder = (typeof holders)[number]

/** Whose addresses are whose, over the whole cluster. */
export class AddressBook {
  /** The objects themselves: whatever else is held of each of a hundred thousand Pods adds up. */
  readonly #holders = new Map<string, OneOrMore<KubeObject>>()

  /** Who holds an address (normalised), if anybody does. */
  holderOf(address: string): AddressHolder | undefined {
    const all = allOf(this.#holders.get(address)).map(holderOf)
    return holders.find((each) => all.includes(each))
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
    if (before !== undefined) for (const address of old) this.#leave(address, before)
    if (after !== undefined) for (const address of now) this.#hold(address, after)
    return [...touched].filter((address, i) => this.holderOf(address) !== was[i])
  }

  #hold(address: string, holder: KubeObject): void {
    this.#holders.set(address, withOne(this.#holders.get(address), holder))
  }

  #leave(address: string, holder: KubeObject): void {
    const rest = withoutOne(this.#holders.get(address), holder)
    if (rest === undefined) this.#holders.delete(address)
    else this.#holders.set(address, rest)
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
