const HOST =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/
/** In brackets (RFC 3986 §3.2.2), without a zone, which means nothing to others. */
const IPV6 = /^\[[0-9a-f:]*:[0-9a-f:.]*\]$/
const NUMBER_LAST = /(?:^|\.)\d+$/
const PORT = /^:\d{0,5}$/

/**
 * The one form of a hostname that is stored and matched: lower case, A-labels (RFC 5890), no trailing dot.
 * @returns undefined when the text is not a DNS name (RFC 1123 §2.1; `_` allowed, as resolvers do) or is an address.
 */
export function normaliseHost(text: string): string | undefined {
  const host = text.toLowerCase()
  // ASCII stays as it is, A-labels too: whether a runtime decodes them to look inside differs.
  return dnsName(isAscii(host) ? host : (toAscii(host) ?? ''))
}

/** As {@link normaliseHost}, and a leading `*.` is allowed: it stands for one label or more. */
export function normaliseHostPattern(text: string): string | undefined {
  if (!text.startsWith('*.')) return normaliseHost(text)
  const parent = normaliseHost(text.slice(2))
  // Below a number there are only addresses: no top-level domain is one (RFC 3696 §2).
  return parent === undefined || NUMBER_LAST.test(parent) ? undefined : `*.${parent}`
}

/** Whether the host of an authority is an address: it has no labels, so that no wildcard stands for it. */
export function isAddress(host: string): boolean {
  return host.startsWith('[') || IPV4.test(host)
}

/** The patterns that match a hostname, the most specific first: itself, then `*.parent` from the longest parent on. */
export function patternsOf(host: string): string[] {
  const patterns = [host]
  if (isAddress(host)) return patterns
  for (let dot = host.indexOf('.'); dot > 0; dot = host.indexOf('.', dot + 1)) {
    patterns.push(`*${host.slice(dot)}`)
  }
  return patterns
}

/**
 * The hostname in a Host field or `:authority` (RFC 9110 §7.2): the port is dropped, an address stays as it is.
 * Clients send A-labels: what is not ASCII is no authority, and is not guessed at.
 * @returns undefined when the text is not `uri-host [ ":" port ]`.
 */
export function hostOfAuthority(authority: string): string | undefined {
  const bracket = authority.startsWith('[') ? authority.indexOf(']') + 1 : 0
  const colon = authority.indexOf(':', bracket)
  if (colon >= 0 && !PORT.test(authority.slice(colon))) return undefined
  const host = (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase()
  if (bracket > 0) return IPV6.test(host) ? host : undefined
  return dnsName(host) ?? address(host)
}

function dnsName(lower: string): string | undefined {
  const host = lower.endsWith('.') ? lower.slice(0, -1) : lower
  return HOST.test(host) && !IPV4.test(host) ? host : undefined
}

/** `host:port` of a hostname or an address, with brackets around IPv6 (RFC 3986 §3.2.2). */
export function formatAuthority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function address(text: string): string | undefined {
  return IPV4.test(text) ? text : undefined
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

// The URL parser carries UTS #46, and is in every runtime we serve on.
// It would also read user information, a port, a path and percent-encoding, which no hostname holds.
function toAscii(host: string): string | undefined {
  if (!/^[a-z0-9_.\-\u{80}-\u{10ffff}]+$/u.test(host)) return undefined
  return URL.parse(`http://${host}/`)?.hostname
}
