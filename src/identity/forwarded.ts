/** What one proxy says of its peer (RFC 7239 §4). '' where it does not say. */
export interface ForwardedElement {
  readonly for: string
  readonly proto: string
}

/** One pair, and what ends it. Unquoted values hold what proxies in use write, such as `for=192.0.2.1:80`. */
const PAIR = /[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;=\\]+))[ \t]*(;|,|$)/y
/** List members may be empty (RFC 9110 §5.6.1.2). */
const EMPTY = /[ \t]*(?:,|$)/y

/**
 * The elements, the farthest proxy's first.
 * @returns undefined when any part cannot be read: a quote that the client left open may have swallowed what its proxy
 * wrote, so that nothing of it proves anything
 */
export function readForwarded(text: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  let pairs = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    EMPTY.lastIndex = at
    if (pairs.size === 0 && EMPTY.test(text)) {
      at = EMPTY.lastIndex
      continue
    }
    PAIR.lastIndex = at
    const [, name, quoted, plain, end] = PAIR.exec(text) ?? []
    if (name === undefined) return undefined
    // Each once (§4): of two, others may read the other one.
    if (pairs.has(name.toLowerCase())) return undefined
    pairs.set(name.toLowerCase(), plain ?? (quoted ?? '').replace(/\\(.)/g, '$1'))
    at = PAIR.lastIndex
    if (end === ';') {
      if (at === text.length) return undefined
    } else {
      elements.push({ for: pairs.get('for') ?? '', proto: pairs.get('proto') ?? '' })
      pairs = new Map()
    }
  }
  return elements
}
