import { type Cidr, carriedIpv4, isInAny, type ParsedAddress, undialledRange } from '../model/address.ts'

/** How far names outside the cluster may lead. */
export interface ExternalReach {
  /** Where answers may point beside the public internet. */
  readonly allowedCidrs: readonly Cidr[]
  /** Where none may, public or not. */
  readonly deniedCidrs: readonly Cidr[]
  /** Whether an address (normalised) is a Node's of the cluster. */
  readonly isNode: (address: string) => boolean
}

/**
 * Whoever may write a Service could point its name anywhere that the gateway reaches and its clients do not. An answer
 * is dialled when it is public (RFC 6890) or the operator allows its block, and it is neither denied nor a Node's: a
 * firewall lets the gateways in at the NodePorts, also of Services that nobody exposed.
 *
 * @param mayBeLoopback where the operator's blocks hold it: what is read there goes to nobody
 * @returns why an answer is refused; undefined when it may be dialled
 */
export function externalRefusal(
  address: ParsedAddress,
  reach: ExternalReach,
  mayBeLoopback = false,
): string | undefined {
  const range = address.range()
  const undialled = undialledRange(address)
  const isMeant = range === 'unicast' || isInAny(address, reach.allowedCidrs)
  const isDialled = undialled === undefined || (mayBeLoopback && undialled === 'loopback')
  if (!isMeant || !isDialled) return `is not public (${undialled ?? range})`
  if (isInAny(address, reach.deniedCidrs)) return 'is in --deny-external-cidrs'
  if (reach.isNode(address.toString())) return 'is the address of a Node'
  for (const behind of carriedIpv4(address)) {
    const refusal = externalRefusal(behind, reach, mayBeLoopback)
    if (refusal !== undefined) return `leads to ${behind}, which ${refusal}`
  }
  return undefined
}
