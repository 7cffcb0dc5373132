import { escapePath, resolveSegments } from './path.ts'

/** Parameters of a segment, and escapes of ASCII: servers differ on them. */
const AMBIGUOUS = /;|%[2-7]/

/** How often servers in a row may decode one path. */
const MAX_DECODINGS = 3
/** Far more than a path that somebody means has. */
const MAX_READINGS = 64
const MAX_LENGTH = 4096

type Change = (text: string) => string

/** What servers in use do to a path before they look at it, in whatever order. */
const CHANGES: readonly Change[] = [
  // IIS, Tomcat when told to.
  (text) => text.replaceAll('\\', '/'),
  // Servlet containers drop parameters: `/a/..;x/b` is `/b`.
  (text) => text.replace(/;[^/]*/g, ''),
  // Rewriting servers parse what they have decoded once more.
  (text) => text.replace(/[?#].*$/s, ''),
  // nginx, Apache.
  (text) => text.replace(/\/{2,}/g, '/'),
  (text) => resolveSegments(text),
]

/** Whether servers may understand a path in normal form in more than one way. */
export function isAmbiguous(path: string): boolean {
  return AMBIGUOUS.test(path)
}

/**
 * What servers may take a path in normal form for, itself among it, in normal form: its escapes decoded, once or again,
 * its parameters dropped or not, and so on.
 * @returns undefined when there are more than anybody means
 */
export function readingsOf(path: string): ReadonlySet<string> | undefined {
  const readings = new Set<string>()
  if (path.length > MAX_LENGTH) return undefined
  let texts: ReadonlySet<string> = new Set([path])
  for (let decodings = 0; decodings <= MAX_DECODINGS; decodings++) {
    for (const change of CHANGES) {
      texts = new Set([...texts, ...[...texts].map(change)])
      if (texts.size > MAX_READINGS) return undefined
    }
    for (const text of texts) readings.add(escapePath(resolveSegments(text)))
    const decoded = new Set([...texts].map(decodeOnce))
    if (decoded.isSubsetOf(texts)) return readings
    texts = decoded
  }
  return undefined
}

function decodeOnce(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
