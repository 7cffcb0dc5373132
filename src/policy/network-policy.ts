import { type Cidr, isInCidr, type ParsedAddress, parseCidr } from '../model/address.ts'
import type { PolicyRecord } from '../model/records.ts'

interface Block {
  readonly cidr: Cidr
  readonly except: readonly Cidr[]
}

/** A policy record, ready to be asked. */
export interface NetworkPolicySet {
  readonly rules: readonly {
    /** Undefined: everyone. */
    readonly from: readonly Block[] | undefined
    /** Undefined: every port. */
    readonly ports: readonly (readonly [first: number, last: number])[] | undefined
  }[]
}

/** Reads a policy record. What cannot be read admits nobody. */
export function readPolicy({ rules }: PolicyRecord): NetworkPolicySet {
  return {
    rules: rules.map(({ from, ports }) => ({
      from: from?.flatMap(({ cidr, except }) => {
        const [block, holes] = [parseCidr(cidr), except.map(parseCidr)]
        const isReadable = block !== undefined && holes.every((hole) => hole !== undefined)
        return isReadable ? [{ cidr: block, except: holes }] : []
      }),
      ports,
    })),
  }
}

/**
 * Whether NetworkPolicies let a client reach a container port (networking.k8s.io/v1: rules are a union; within one, the
 * address and the port must both match).
 *
 * @param client undefined when the address is not known: only rules for everyone admit it
 */
export function admits(set: NetworkPolicySet, client: ParsedAddress | undefined, port: number): boolean {
  return set.rules.some(
    ({ from, ports }) =>
      (ports === undefined || ports.some(([first, last]) => first <= port && port <= last)) &&
      (from === undefined || (client !== undefined && from.some((block) => isInBlock(client, block)))),
  )
}

function isInBlock(client: ParsedAddress, { cidr, except }: Block): boolean {
  return isInCidr(client, cidr) && !except.some((hole) => isInCidr(client, hole))
}
