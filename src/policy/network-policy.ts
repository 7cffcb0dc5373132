import { parseCidr } from '../model/address.ts'
import { AddressSet, type Block, type Caller } from '../model/address-set.ts'
import type { PolicyRecord, PolicyRule } from '../model/policy-record.ts'

/** Who may reach a port. */
type Admitted = 'everyone' | AddressSet

/**
 * What NetworkPolicies say of some Pods (networking.k8s.io/v1: rules are a union; within one, the address and the port
 * must both match), ready to be asked. What cannot be read admits nobody.
 */
export class NetworkPolicySet {
  readonly #record: PolicyRecord
  /** Made for ports that are guarded, or else when one is first asked for: Pods have few, and many sets are never asked. */
  readonly #byPort = new Map<number, Admitted>()

  constructor(record: PolicyRecord) {
    this.#record = record
  }

  /** Names of the NetworkPolicies that it came from. */
  get policies(): readonly string[] {
    return this.#record.policies
  }

  /**
   * Whether a client may reach a container port: in the time of a binary search, however many blocks there are.
   * @param client undefined when the address is not known: only rules for everyone admit it
   * @param port one of the Pods' own, never a client's to choose: what is made for it is kept
   */
  admits(client: Caller | undefined, port: number): boolean {
    const admitted = this.#byPort.get(port) ?? this.#make(port)
    return admitted === 'everyone' || admitted.admits(client)
  }

  /** Makes what is asked for a port: of 10,000 blocks that takes tens of milliseconds, which no request should pay. */
  prepare(port: number): void {
    if (!this.#byPort.has(port)) this.#make(port)
  }

  /** The rule that lets the client in; undefined when none does. Looks at each: for those who want to know. */
  admittingRule(client: Caller | undefined, port: number): PolicyRule | undefined {
    return this.#record.rules.find((rule) => {
      const admitted = admittedBy([rule], port)
      return admitted === 'everyone' || admitted.admits(client)
    })
  }

  #make(port: number): Admitted {
    const admitted = admittedBy(this.#record.rules, port)
    this.#byPort.set(port, admitted)
    return admitted
  }
}

function admittedBy(rules: readonly PolicyRule[], port: number): Admitted {
  const ofPort = rules.filter(
    ({ ports }) => ports === undefined || ports.some(([first, last]) => first <= port && port <= last),
  )
  return ofPort.some(({ from }) => from === undefined)
    ? 'everyone'
    : new AddressSet(ofPort.flatMap(({ from = [] }) => from.flatMap(blockOf)))
}

/** An exception that cannot be read might be anything: the block admits nobody. */
function blockOf({ cidr, except }: { readonly cidr: string; readonly except: readonly string[] }): Block[] {
  const [block, holes] = [parseCidr(cidr), except.map(parseCidr)]
  const isReadable = block !== undefined && holes.every((hole) => hole !== undefined)
  return isReadable ? [{ cidr: block, except: holes }] : []
}
