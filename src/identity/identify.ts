import { type Cidr, formatIp, type ParsedAddress, parseIp } from '../model/address.ts'
import { isInCidrs } from '../model/address-set.ts'
import type { PeerTls } from '../model/peer-tls.ts'
import type { ProxySource } from '../model/proxy-source.ts'
import { readForwarded } from './forwarded.ts'

/** Who connected, worked out once a connection. */
export interface Peer {
  /** Normalised address: IPv4-mapped IPv6 as IPv4. */
  readonly address: string
  /** A trusted proxy: what it says of the client is believed. */
  readonly isTrusted: boolean
  /** The scheme of its connection. */
  readonly scheme: 'http' | 'https'
  /** How its connection was negotiated, where that was here. */
  readonly tls?: PeerTls
}

export interface Client {
  /** The true client's address, normalised. */
  readonly address: string
  /** The scheme the client used, as far as trusted parties say. */
  readonly scheme: 'http' | 'https'
  /** Found by Forwarded: the X-Forwarded-For of the same request is anybody's. */
  readonly isByForwarded?: true
}

/**
 * Who connected: the other end of the socket, or where a platform's own edge accepts connections, whom the edge names
 * (`CF-Connecting-IP`). The platform sets that field itself, so it is worth as much as a socket's address.
 */
export function identifyPeer(
  remoteAddress: string,
  trustedProxies: readonly Cidr[],
  scheme: Peer['scheme'] = 'http',
): Peer {
  const hop = readHop(remoteAddress)
  if (hop === undefined) return { address: 'unknown', isTrusted: false, scheme }
  return { address: hop.text, isTrusted: isInCidrs(hop.address, trustedProxies), scheme }
}

/**
 * Who connected to a proxy that says so by the PROXY protocol: trusted further only where that address is a trusted
 * proxy's own. Without an address (a process on the proxy's machine) nobody is: only what is open to everyone admits it.
 */
export function proxiedPeer(
  source: ProxySource,
  remoteAddress: string,
  trustedProxies: readonly Cidr[],
  scheme: Peer['scheme'] = 'http',
): Peer {
  switch (source.type) {
    case 'client':
      return identifyPeer(source.address, trustedProxies, scheme)
    case 'itself':
      return identifyPeer(remoteAddress, trustedProxies, scheme)
    case 'no-address':
      return { address: 'unknown', isTrusted: false, scheme }
  }
}

/** Whom to believe, and by which field. */
export interface ProxyTrust {
  readonly trustedProxies: readonly Cidr[]
  /** How many in a row are believed, the peer first; 0: all that are trusted. */
  readonly trustedHops?: number
  /** The field that they write. A client may write the other one, and they would pass it on. */
  readonly forwardedHeader?: 'x-forwarded-for' | 'forwarded'
}

/**
 * The true client: the peer, or behind trusted proxies the rightmost address that they name and that is not one of theirs.
 * What stands further left came from the client and proves nothing.
 *
 * @param head whose fields are asked for by lower-case name; several of a name are joined with `, `
 */
export function identifyClient(
  peer: Peer,
  head: { field(name: string): string | undefined },
  trust: ProxyTrust,
): Client {
  if (!peer.isTrusted) return { address: peer.address, scheme: peer.scheme }
  return trust.forwardedHeader === 'forwarded'
    ? byForwarded(peer, head.field('forwarded') ?? '', trust)
    : byExtensions(peer, head.field('x-forwarded-for') ?? '', head.field('x-forwarded-proto') ?? '', trust)
}

/** X-Forwarded-For and X-Forwarded-Proto, of which proxies that append write one for each hop. */
function byExtensions(peer: Peer, forwardedFor: string, forwardedProto: string, trust: ProxyTrust): Client {
  const { address, hops } = walk(peer, forwardedFor.split(','), trust)
  const protos = forwardedProto.split(',')
  const proto = protos[Math.max(0, protos.length - Math.max(1, hops))] ?? ''
  return { address, scheme: schemeOf(proto, peer) }
}

/** RFC 7239. */
function byForwarded(peer: Peer, text: string, trust: ProxyTrust): Client {
  const elements = readForwarded(text)
  // Not the peer, whose address may open doors that a client must not find open by writing nonsense.
  if (elements === undefined) return { address: 'unknown', scheme: peer.scheme, isByForwarded: true }
  const { address, hops } = walk(
    peer,
    elements.map((element) => element.for),
    trust,
  )
  return {
    address,
    scheme: schemeOf(elements.at(-Math.max(1, hops))?.proto ?? '', peer),
    isByForwarded: true,
  }
}

/** From the nearest hop on, as long as each is trusted to name the next. */
function walk(
  peer: Peer,
  named: readonly string[],
  { trustedProxies, trustedHops = 0 }: ProxyTrust,
): { readonly address: string; readonly hops: number } {
  let { address } = peer
  let hops = 0
  for (const text of named.toReversed()) {
    const hop = readHop(text.trim())
    // An unreadable hop ends the chain of trust: whoever wrote it is the last one we can name.
    if (hop === undefined) break
    address = hop.text
    hops++
    if (hops === trustedHops || !isInCidrs(hop.address, trustedProxies)) break
  }
  return { address, hops }
}

/** A proxy that says nothing of it speaks as its client does, as far as anybody can tell. */
function schemeOf(proto: string, peer: Peer): Client['scheme'] {
  const said = proto.trim().toLowerCase()
  if (said === '') return peer.scheme
  return said === 'https' ? 'https' : 'http'
}

interface Hop {
  readonly address: ParsedAddress
  /** Normalised. */
  readonly text: string
}

/** @returns undefined when the text is no address. A port (`1.2.3.4:80`, `[::1]:80`) is dropped. */
function readHop(text: string): Hop | undefined {
  const bare = withoutPort(text)
  const address = parseIp(bare)
  return address && { address, text: formatIp(address, bare) }
}

function withoutPort(text: string): string {
  if (text.startsWith('[')) return /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text
  const colon = text.indexOf(':')
  // More than one: IPv6.
  if (colon < 0 || text.includes(':', colon + 1)) return text
  return /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text
}
