import ipaddr from 'ipaddr.js'
import { readIpv4, readIpv6 } from './ip-text.ts'

export type ParsedAddress = ipaddr.IPv4 | ipaddr.IPv6
export type Cidr = readonly [address: ParsedAddress, bits: number]

/** How many bits say that an IPv6 address is a mapped IPv4 address (RFC 4291 §2.5.5.2). */
const MAPPED_BITS = 96

/** @returns undefined when the text is no IP address. IPv4-mapped IPv6 is IPv4; a zone (`%eth0`) is dropped. */
export function parseIp(text: string): ParsedAddress | undefined {
  const zone = text.indexOf('%')
  const address = zone < 0 ? text : text.slice(0, zone)
  if (!address.includes(':')) {
    const octets = readIpv4(address)
    return octets && new ipaddr.IPv4(octets)
  }
  const parsed = readIpv6(address)
  if (parsed === undefined) return undefined
  return mappedIpv4(parsed) ?? new ipaddr.IPv6(parsed)
}

/** One text for each address (RFC 5952 for IPv6), so that texts can be compared. */
export function normaliseIp(text: string): string | undefined {
  const parsed = parseIp(text)
  return parsed && formatIp(parsed, text)
}

/** @param text as it came, given back where it is the same: whoever holds both then holds one */
export function formatIp(address: ParsedAddress, text: string): string {
  const normal = address.toString()
  return normal === text ? text : normal
}

/** @returns undefined when the text is no CIDR block. One of IPv4-mapped IPv6 addresses is a block of IPv4, as they are. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const bits = /^(?:0|[1-9]\d{0,2})$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : undefined
  if (slash < 0 || bits === undefined) return undefined
  const address = text.slice(0, slash)
  if (!address.includes(':')) {
    const octets = readIpv4(address)
    return octets === undefined || bits > 32 ? undefined : [new ipaddr.IPv4(octets), bits]
  }
  const parts = readIpv6(address)
  if (parts === undefined || bits > 128) return undefined
  // A mapped exception would otherwise except nobody. As Go's `net.ParseCIDR`, by which Kubernetes goes.
  const mapped = bits < MAPPED_BITS ? undefined : mappedIpv4(parts)
  return mapped === undefined ? [new ipaddr.IPv6(parts), bits] : [mapped, bits - MAPPED_BITS]
}

/** The IPv4 address that an IPv6 address maps. By hand: ipaddr's own looks through all the ranges that it knows. */
function mappedIpv4(parts: readonly number[]): ipaddr.IPv4 | undefined {
  for (let i = 0; i < 5; i++) if (parts[i] !== 0) return undefined
  if (parts[5] !== 0xffff) return undefined
  const [high = 0, low = 0] = parts.slice(6)
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff])
}

/**
 * One text for a block, or for an address by itself as the block that is it.
 * @returns undefined when the text is neither
 */
export function normaliseBlock(text: string): string | undefined {
  const block = parseCidr(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`)
  return block && firstOf(...block)
}

/** `203.0.113.7/24` is `203.0.113.0/24`. */
function firstOf(address: ParsedAddress, bits: number): string {
  const bytes = address
    .toByteArray()
    .map((byte, index) => byte & (0xff << (8 - Math.min(8, Math.max(0, bits - index * 8)))) & 0xff)
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`
}

export function isInCidr(address: ParsedAddress, [network, bits]: Cidr): boolean {
  if ('octets' in address) return 'octets' in network && beginAlike(address.octets, network.octets, 8, bits)
  return 'parts' in network && beginAlike(address.parts, network.parts, 16, bits)
}

export function isInAny(address: ParsedAddress, cidrs: readonly Cidr[]): boolean {
  return cidrs.some((cidr) => isInCidr(address, cidr))
}

/** Whether the first bits are the same. By hand: ipaddr's own `match` takes thirty times as long. */
function beginAlike(a: readonly number[], b: readonly number[], width: 8 | 16, bits: number): boolean {
  const whole = Math.floor(bits / width)
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false
  const rest = bits % width
  return rest === 0 || ((a[whole] ?? 0) ^ (b[whole] ?? 0)) >> (width - rest) === 0
}

/** Ranges, as ipaddr.js names them, in which nothing may be dialled: the gateway itself, its link, its cloud's metadata. */
const UNDIALLED: ReadonlySet<string> = new Set([
  'loopback',
  'linkLocal',
  'unspecified',
  'multicast',
  'broadcast',
])
/** Metadata and credential services outside the link-local range: AWS (IPv6), Google (IPv6), Azure, Alibaba, Oracle. */
const METADATA: ReadonlySet<string> = new Set([
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
])
/** IPv4-compatible addresses (RFC 4291 §2.5.5.1): nobody has one, and `::127.0.0.1` may mean what it says. */
const COMPATIBLE: Cidr = [ipaddr.IPv6.parse('::'), MAPPED_BITS]

/** Names the range of an address that is nobody's endpoint; undefined for others. */
export function undialledRange(address: ParsedAddress): string | undefined {
  if (METADATA.has(address.toString())) return 'metadata'
  const range = address.range()
  if (UNDIALLED.has(range)) return range
  return isInCidr(address, COMPATIBLE) ? 'ipv4Compatible' : undefined
}

/** Prefixes of IPv6 addresses that carry an IPv4 address, and the bytes in which they do. */
const CARRIERS: readonly {
  readonly block: Cidr
  readonly at: readonly number[]
  readonly isInverted?: true
}[] = [
  // NAT64 (RFC 6052 §2.1), and where networks choose a prefix of their own (RFC 8215), of 96 or 48 bits.
  { block: [ipaddr.IPv6.parse('64:ff9b::'), 96], at: [12, 13, 14, 15] },
  { block: [ipaddr.IPv6.parse('64:ff9b:1::'), 48], at: [12, 13, 14, 15] },
  { block: [ipaddr.IPv6.parse('64:ff9b:1::'), 48], at: [6, 7, 9, 10] },
  // IPv4-translated (RFC 2765), 6to4 (RFC 3056), Teredo (RFC 4380).
  { block: [ipaddr.IPv6.parse('::ffff:0:0:0'), 96], at: [12, 13, 14, 15] },
  { block: [ipaddr.IPv6.parse('2002::'), 16], at: [2, 3, 4, 5] },
  { block: [ipaddr.IPv6.parse('2001::'), 32], at: [12, 13, 14, 15], isInverted: true },
]

/** The IPv4 addresses to which a translator or a tunnel may bring what is sent to this one. */
export function carriedIpv4(address: ParsedAddress): readonly ParsedAddress[] {
  if ('octets' in address) return []
  const carriers = CARRIERS.filter(({ block }) => isInCidr(address, block))
  if (carriers.length === 0) return []
  const bytes = address.toByteArray()
  const carried = carriers.map(({ at, isInverted }) =>
    at.map((i) => (bytes[i] ?? 0) ^ (isInverted ? 0xff : 0)),
  )
  // Of two layouts one is empty.
  const meant = carried.filter((octets) => octets.some((octet) => octet !== 0))
  return (meant.length === 0 ? carried : meant).map((octets) => new ipaddr.IPv4(octets))
}
