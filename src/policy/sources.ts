import { parseCidr } from '../model/address.ts'
import { AddressSet, type Caller } from '../model/address-set.ts'

/** Reads the blocks of a service record. One that cannot be read admits nobody. */
export function readSources(cidrs: readonly string[] | undefined): AddressSet | undefined {
  if (cidrs === undefined) return undefined
  const readable = cidrs.map(parseCidr).filter((cidr) => cidr !== undefined)
  return new AddressSet(readable.map((cidr) => ({ cidr, except: [] })))
}

/** Whether a client comes from one of the blocks. @param client undefined when the address is not known */
export function isAmongSources(sources: AddressSet, client: Caller | undefined): boolean {
  return sources.admits(client)
}
