import ipaddr from 'ipaddr.js'

export type ParsedAddress = ipaddr.IPv4 | ipaddr.IPv6
export type Cidr = readonly [address: ParsedAddress, bits: number]

/** How many bits say that an IPv6 address is a mapped IPv4 address (RFC 4291 §2.5.5.2). */
const MAPPED_BITS = 96

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
  const normal = parseIp(text)?.toString()
  // The caller's own text where it is the same: whoever holds both then holds one.
  return normal === text ? text : normal
}

/** @returns undefined when the text is no CIDR block. One of IPv4-mapped IPv6 addresses is a block of IPv4, as they are. */
export function parseCidr(text: string): Cidr | undefined {
  // Not ipaddr's own choice of family: it tries the other one first, and an exception for each block takes long.
  if (text.includes(':'))
    return ipaddr.IPv6.isValidCIDR(text) ? unmapped(ipaddr.IPv6.parseCIDR(text)) : undefined
  // ipaddr also reads 010.0.0.0/8 as octal and 10/8 as 0.0.0.10/8: who wrote that meant something else.
  return ipaddr.IPv4.isValidCIDRFourPartDecimal(text) ? ipaddr.IPv4.parseCIDR(text) : undefined
}

/** A mapped exception would otherwise except nobody. As Go's `net.ParseCIDR`, by which Kubernetes goes. */
function unmapped([address, bits]: readonly [address: ipaddr.IPv6, bits: number]): Cidr {
  const isMapped = bits >= MAPPED_BITS && address.isIPv4MappedAddress()
  return isMapped ? [address.toIPv4Address(), bits - MAPPED_BITS] : [address, bits]
}

export function isInCidr(address: ParsedAddress, [network, bits]: Cidr): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}

/** Ranges, as ipaddr.js names them, in which nothing may be dialled: the gateway itself, its link, its cloud's metadata. */
const UNDIALLED: ReadonlySet<string> = new Set([
  'loopback',
  'linkLocal',
  'unspecified',
  'multicast',
  'broadcast',
])
/** Metadata services outside the link-local range: AWS (IPv6), Alibaba, Oracle. */
const METADATA: ReadonlySet<string> = new Set(['fd00:ec2::254', '100.100.100.200', '192.0.0.192'])

/** Names the range of an address that is nobody's endpoint; undefined for others. */
export function undialledRange(address: ParsedAddress): string | undefined {
  if (METADATA.has(address.toString())) return 'metadata'
  const range = address.range()
  return UNDIALLED.has(range) ? range : undefined
}

const NAT64: Cidr = [ipaddr.IPv6.parse('64:ff9b::'), 96]

/** The IPv4 address that a NAT64 gateway dials for this one, by the well-known prefix (RFC 6052 §2.1). */
export function translatedIpv4(address: ParsedAddress): ParsedAddress | undefined {
  return isInCidr(address, NAT64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : undefined
}
