import punycode from 'punycode.js'
import { normaliseHostPattern } from './host.ts'

/**
 * A hostname (or wildcard) in the form in which people write it: U-labels (RFC 5890). A-labels that do not lead back to
 * themselves stay as they are: what they decode to is no hostname, and may be anything that a terminal obeys.
 */
export function unicodeHost(host: string): string {
  if (!host.includes('xn--')) return host
  const decoded = decode(host)
  return decoded !== undefined && normaliseHostPattern(decoded) === host ? decoded : host
}

function decode(host: string): string | undefined {
  try {
    return punycode.toUnicode(host)
  } catch {
    return undefined
  }
}
