// Addresses as text. Every request of a client behind a proxy has one, so they are read without a regular expression.

const DOT = 0x2e
const COLON = 0x3a
const ZERO = 0x30
/** `0000:0000:0000:0000:0000:ffff:255.255.255.255` */
const MAX_LENGTH = 45

/** @returns the four octets; undefined when the text is not four decimals without leading zeros */
export function readIpv4(text: string): number[] | undefined {
  const octets: number[] = []
  let [value, digits] = [0, 0]
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : DOT
    if (code === DOT) {
      if (digits === 0 || octets.length === 4) return undefined
      octets.push(value)
      value = 0
      digits = 0
    } else {
      const digit = code - ZERO
      // A leading zero is octal to some readers.
      if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return undefined
      value = value * 10 + digit
      digits++
      if (value > 255) return undefined
    }
  }
  return octets.length === 4 ? octets : undefined
}

/** @returns the eight parts of 16 bits (RFC 4291 §2.2, all three forms); undefined when the text is no IPv6 address */
export function readIpv6(text: string): number[] | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const parts: number[] = []
  let gap = text.startsWith('::') ? 0 : -1
  let at = gap === 0 ? 2 : 0
  while (at < text.length) {
    const end = endOfHex(text, at)
    if (text.charCodeAt(end) === DOT) {
      const octets = readIpv4(text.slice(at))
      if (octets === undefined) return undefined
      const [a = 0, b = 0, c = 0, d = 0] = octets
      parts.push((a << 8) | b, (c << 8) | d)
      break
    }
    if (end === at || end > at + 4 || parts.length === 8) return undefined
    parts.push(Number.parseInt(text.slice(at, end), 16))
    if (end === text.length) break
    if (text.charCodeAt(end) !== COLON) return undefined
    at = end + 1
    if (text.charCodeAt(at) === COLON && gap < 0) {
      gap = parts.length
      at++
    } else if (at === text.length) return undefined
  }
  return filled(parts, gap)
}

/** @param gap where `::` stands for at least one part; -1 when there is none */
function filled(parts: readonly number[], gap: number): number[] | undefined {
  if (gap < 0) return parts.length === 8 ? [...parts] : undefined
  if (parts.length > 7) return undefined
  return [...parts.slice(0, gap), ...new Array<number>(8 - parts.length).fill(0), ...parts.slice(gap)]
}

function endOfHex(text: string, from: number): number {
  let at = from
  while (at < text.length && isHex(text.charCodeAt(at))) at++
  return at
}

function isHex(code: number): boolean {
  const isDigit = code >= ZERO && code <= 0x39
  const letter = code | 0x20
  return isDigit || (letter >= 0x61 && letter <= 0x66)
}
