import { type Cidr, isInCidr, type ParsedAddress, parseCidr } from '../model/address.ts'

/** Reads the blocks of a service record. One that cannot be read admits nobody. */
export function readSources(cidrs: readonly string[] | undefined): readonly Cidr[] | undefined {
  return cidrs?.map(parseCidr).filter((cidr) => cidr !== undefined)
}

/** Whether a client comes from one of the blocks. @param client undefined when the address is not known */
export function isAmongSources(sources: readonly Cidr[], client: ParsedAddress | undefined): boolean {
  return client !== undefined && sources.some((cidr) => isInCidr(client, cidr))
}
