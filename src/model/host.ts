const HOST =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/

/**
 * The one form of a hostname that is stored and matched: lower case, A-labels (RFC 5890), no trailing dot.
 * @returns undefined when the text is not a DNS name (RFC 1123 §2.1; `_` allowed, as resolvers do) or is an address.
 */
export function normaliseHost(text: string): string | undefined {
  let host = text.toLowerCase()
  if (!isAscii(host)) host = toAscii(host) ?? ''
  if (host.endsWith('.')) host = host.slice(0, -1)
  return HOST.test(host) && !IPV4.test(host) ? host : undefined
}

/** As {@link normaliseHost}, and a leading `*.` is allowed: it stands for one label or more. */
export function normaliseHostPattern(text: string): string | undefined {
  if (!text.startsWith('*.')) return normaliseHost(text)
  const parent = normaliseHost(text.slice(2))
  return parent === undefined ? undefined : `*.${parent}`
}

/** The patterns that match a hostname, the most specific first: itself, then `*.parent` from the longest parent on. */
export function patternsOf(host: string): string[] {
  const patterns = [host]
  for (let dot = host.indexOf('.'); dot > 0; dot = host.indexOf('.', dot + 1)) {
    patterns.push(`*${host.slice(dot)}`)
  }
  return patterns
}

/**
 * The hostname in a Host field or `:authority` (RFC 9110 §7.2): the port is dropped, an address stays as it is.
 * @returns undefined when the text is not `uri-host [ ":" port ]`.
 */
export function hostOfAuthority(authority: string): string | undefined {
  if (authority.startsWith('[')) {
    const end = authority.indexOf(']')
    return end > 0 && isPort(authority.slice(end + 1)) ? authority.slice(0, end + 1).toLowerCase() : undefined
  }
  const colon = authority.indexOf(':')
  if (colon < 0) return normaliseHost(authority) ?? address(authority)
  if (!isPort(authority.slice(colon))) return undefined
  const host = authority.slice(0, colon)
  return normaliseHost(host) ?? address(host)
}

function address(text: string): string | undefined {
  return IPV4.test(text) ? text : undefined
}

function isPort(text: string): boolean {
  return text === '' || /^:\d{0,5}$/.test(text)
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
