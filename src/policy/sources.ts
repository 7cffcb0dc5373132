import { type Cidr, parseCidr } from '../model/address.ts'
import { AddressSet } from '../model/address-set.ts'

/** Reads the blocks of a service record. One that cannot be read admits nobody. */
export function readSources(cidrs: readonly string[] | undefined): AddressSet | undefined {
  if (cidrs === undefined) return undefined
  return setOf(cidrs.map(parseCidr).filter((cidr) => cidr !== undefined))
}

export function setOf(cidrs: readonly Cidr[]): AddressSet {
  return new AddressSet(cidrs.map((cidr) => ({ cidr, except: [] })))
}
