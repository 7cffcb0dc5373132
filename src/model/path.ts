/** Characters that may stand in a path as they are (RFC 3986 §3.3), and the slash between segments. */
const KEPT = "!$&'()*+,\\-./0-9:;=@A-Z_a-z~"
/** What an ordinary path has none of: something to write otherwise, an empty segment, or perhaps a dot segment. */
const ODD = new RegExp(`[^${KEPT}]|/[./]`)
const ESCAPE_OR_ODD = new RegExp(`%[0-9A-Fa-f]{2}|[^${KEPT}]`, 'g')
const NEVER_RAW = new RegExp(`[^${KEPT}%]`, 'g')
const UNRESERVED = /[\w.~-]/
/** ASCII in more bytes than it takes: no UTF-8, but read as `.` or `/` by decoders that do not look. */
const OVERLONG = /%C[01]%[89AB]|%E0%[89]|%F0%8/

/**
 * The one form in which a path is matched and forwarded (RFC 3986 §6.2.2): letters, digits and `-._~` bare, other
 * escapes in upper case and kept, what may not stand bare escaped, `\` a slash as in URLs of the web, no dot segments
 * and no empty ones. A URL parser leaves it as it is.
 * @param path begins with a slash; without query and fragment
 * @returns undefined for what nobody means and readers differ on: a broken escape, a control character or one beyond
 * ASCII, ASCII in an overlong escape, and a path that climbs above the root
 */
export function normalisePath(path: string): string | undefined {
  if (!ODD.test(path)) return path
  let isReadable = true
  const spelt = path.replace(ESCAPE_OR_ODD, (found) => {
    if (found === '\\') return '/'
    const code = found.length === 3 ? Number.parseInt(found.slice(1), 16) : found.charCodeAt(0)
    const isBroken = found === '%' || code < 0x20 || code === 0x7f || (found.length !== 3 && code > 0x7f)
    if (isBroken) isReadable = false
    const char = String.fromCharCode(code)
    return UNRESERVED.test(char) ? char : escaped(char)
  })
  const resolved = resolveSegments(spelt, () => {
    isReadable = false
  })
  return isReadable && !OVERLONG.test(spelt) ? resolved : undefined
}

/** With nothing bare that may not be, and every escape left as it is. One character for one byte. */
export function escapePath(text: string): string {
  return text.replace(NEVER_RAW, escaped)
}

/**
 * RFC 3986 §5.2.4, where an empty segment is one that `..` takes away; those that are left go after that.
 * @param onClimb told when it climbs above the root, which is the root then
 */
export function resolveSegments(path: string, onClimb?: () => void): string {
  const segments = path.split('/')
  const kept: string[] = []
  for (const segment of segments.slice(1)) {
    if (segment === '..') {
      if (kept.pop() === undefined) onClimb?.()
    } else if (segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1) ?? ''
  const isOpen = last === '' || last === '.' || last === '..'
  const text = kept.filter((segment) => segment !== '').join('/')
  return isOpen && text !== '' ? `/${text}/` : `/${text}`
}

function escaped(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
