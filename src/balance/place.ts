import { type Cidr, isInAny, parseIp } from '../model/address.ts'

/** Where a gateway stands in the cluster's topology; what it does not know prefers nothing. */
export interface Place {
  /** Name of its Node. */
  readonly node: string | undefined
  /** `topology.kubernetes.io/zone` of its Node. */
  readonly zone: string | undefined
  /** The address families that it can reach. */
  readonly families: readonly Family[]
  /** Where endpoints may lie. Undefined: anywhere. */
  readonly within?: readonly Cidr[] | undefined
}

export type Family = 'IPv4' | 'IPv6'

export const nowhere: Place = { node: undefined, zone: undefined, families: ['IPv4', 'IPv6'] }

/** Whether an endpoint may lie at an address. */
export function isWithin(text: string, { within }: Place): boolean {
  if (within === undefined) return true
  const address = parseIp(text)
  return address !== undefined && isInAny(address, within)
}
