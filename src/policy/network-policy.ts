import { type Cidr, isInCidr, type ParsedAddress, parseCidr } from '../model/address.ts'
import type { PolicyRecord, PolicyRule } from '../model/records.ts'

interface Block {
  readonly cidr: Cidr
  readonly except: readonly Cidr[]
}

/** A policy record, ready to be asked. */
export interface NetworkPolicySet {
  /** Names of the NetworkPolicies that it came from. */
  readonly policies: readonly string[]
  readonly rules: readonly {
    readonly origin: PolicyRule['origin']
    /** Undefined: everyone. */
    readonly from: readonly Block[] | undefined
    /** Undefined: every port. */
    readonly ports: readonly (readonly [first: number, last: number])[] | undefined
  }[]
}

/** Reads a policy record. What cannot be read admits nobody. */
export function readPolicy({ policies, rules }: PolicyRecord): NetworkPolicySet {
  return {
    policies,
    rules: rules.map(({ origin, from, ports }) => ({
      origin,
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
  return admittingRule(set, client, port) !== undefined
}

/** The rule that lets the client in; undefined when none does. */
export function admittingRule(
  set: NetworkPolicySet,
  client: ParsedAddress | undefined,
  port: number,
): NetworkPolicySet['rules'][number] | undefined {
  return set.rules.find(
    ({ from, ports }) =>
      (ports === undefined || ports.some(([first, last]) => first <= port && port <= last)) &&
      (from === undefined || (client !== undefined && from.some((block) => isInBlock(client, block)))),
  )
}

function isInBlock(client: ParsedAddress, { cidr, except }: Block): boolean {
  return isInCidr(client, cidr) && !except.some((hole) => isInCidr(client, hole))
}
