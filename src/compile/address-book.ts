import { normaliseIp } from '../model/address.ts'
import { type EndpointSlice, SERVICE_NAME_LABEL } from '../model/objects/endpoint-slice.ts'
import { type KubeObject, keyOf } from '../model/objects/object.ts'
import { isPodFinished, podAddresses } from '../model/objects/pod.ts'

/** Of several holders of one address the first of these is named, whichever came first. */
const holders = ['the API server', 'a Node', 'a Service', 'a Pod'] as const

export type AddressHolder = (typeof holders)[number]

interface Holding {
  /** Key of the object. */
  readonly key: string
  readonly holder: AddressHolder
}

/** Whose addresses are whose, over the whole cluster. */
export class AddressBook {
  /** Lists, since nearly all have one entry, and a map for each of a hundred thousand Pods would take far more. */
  readonly #holdings = new Map<string, readonly Holding[]>()

  /** Who holds an address (normalised), if anybody does. */
  holderOf(address: string): AddressHolder | undefined {
    const holdings = this.#holdings.get(address)
    return holdings && holders.find((each) => holdings.some(({ holder }) => holder === each))
  }

  /** @returns the addresses of which another holder is to be named now, or none any more. */
  replace(before: KubeObject | undefined, after: KubeObject | undefined): string[] {
    const old = before === undefined ? [] : addressesOf(before)
    const now = after === undefined ? [] : addressesOf(after)
    const some = after ?? before
    if (some === undefined || (old.length === 0 && now.length === 0)) return []
    const touched = new Set([...old, ...now])
    const was = [...touched].map((address) => this.holderOf(address))
    const key = keyOf(some)
    for (const address of old) this.#leave(address, key)
    for (const address of now) this.#hold(address, { key, holder: holderOf(some) })
    return [...touched].filter((address, i) => this.holderOf(address) !== was[i])
  }

  #hold(address: string, holding: Holding): void {
    const others = this.#holdings.get(address)
    // A list that is spread or pushed to has room for many more.
    this.#holdings.set(address, others === undefined ? [holding] : others.concat(holding))
  }

  #leave(address: string, key: string): void {
    const rest = this.#holdings.get(address)?.filter((holding) => holding.key !== key)
    if (rest === undefined || rest.length === 0) this.#holdings.delete(address)
    else this.#holdings.set(address, rest)
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
