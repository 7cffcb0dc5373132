import ipaddr from 'ipaddr.js'

export type ParsedAddress = ipaddr.IPv4 | ipaddr.IPv6
export type Cidr = readonly [address: ParsedAddress, bits: number]

/** @returns undefined when the text is no IP address. IPv4-mapped IPv6 is IPv4; a zone (`%eth0`) is dropped. */
export function parseIp(text: string): ParsedAddress | undefined {
  const address = text.split('%')[0] ?? ''
  if (!address.includes(':')) {
    return ipaddr.IPv4.isValidFourPartDecimal(address) ? ipaddr.IPv4.parse(address) : undefined
  }
  return ipaddr.IPv6.isValid(address) ? ipaddr.process(address) : undefined
}

/** One text for each address (RFC 5952 for IPv6), so that texts can be compared. */
export function normaliseIp(text: string): string | undefined {
  return parseIp(text)?.toString()
}

/** @returns undefined when the text is no CIDR block. */
export function parseCidr(text: string): Cidr | undefined {
  return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined
}

export function isInCidr(address: ParsedAddress, [network, bits]: Cidr): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}
