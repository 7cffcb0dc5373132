/** Strings, and what stands around them. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g

/**
 * Whether no object in a JSON text names a member twice. Parsers differ in which of the two they take, so that two readers
 * of one token would read two tokens (RFC 7515 §4, RFC 7519 §4).
 *
 * @param text JSON that has been parsed already
 */
export function hasUniqueMembers(text: string): boolean {
  const open: Set<string>[] = []
  let last = ''
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      // "\u0061lg" is "alg".
      const name: unknown = JSON.parse(last)
      const names = open.at(-1)
      if (typeof name !== 'string' || names === undefined || names.has(name)) return false
      names.add(name)
    }
    last = token
  }
  return true
}
