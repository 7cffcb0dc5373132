/** Where a gateway stands in the cluster's topology; what it does not know prefers nothing. */
export interface Place {
  /** Name of its Node. */
  readonly node: string | undefined
  /** `topology.kubernetes.io/zone` of its Node. */
  readonly zone: string | undefined
  /** The address families that it can reach. */
  readonly families: readonly Family[]
}

export type Family = 'IPv4' | 'IPv6'

export const nowhere: Place = { node: undefined, zone: undefined, families: ['IPv4', 'IPv6'] }
