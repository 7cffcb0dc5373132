import type { TokenPlace } from '../model/jwt-policy.ts'

/** What of a request may hold a token or a key. */
export interface Bearer {
  /** A field's value by lower-case name; several are joined with `, `. */
  field(name: string): string | undefined
}

/** RFC 6750 §2.1, and any spelling of the scheme (RFC 9110 §11.1). */
const BEARER = /^bearer(?: +|$)/i

/**
 * What stands in one place of a request; several texts where there are several.
 *
 * @param query with its `?`, or ''
 */
export function textsAt(place: TokenPlace, bearer: Bearer, query: string): readonly string[] {
  switch (place.in) {
    case 'bearer': {
      // Two fields were joined by a comma, which no token holds.
      const value = bearer.field('authorization')
      return value !== undefined && BEARER.test(value) ? [value.replace(BEARER, '').trimEnd()] : []
    }
    case 'header': {
      const value = bearer.field(place.name)
      return value === undefined ? [] : [value.trim()]
    }
    case 'cookie':
      return cookies(bearer.field('cookie') ?? '', place.name)
    case 'query':
      return parameters(query, place.name)
  }
}

/** Several Cookie fields are joined with commas, which no token holds. */
function cookies(text: string, name: string): readonly string[] {
  return text.split(/[;,]/).flatMap((pair) => {
    const at = pair.indexOf('=')
    if (at < 0 || pair.slice(0, at).trim() !== name) return []
    return [
      pair
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1'),
    ]
  })
}

/** Names are read as applications read them, so that another spelling of one is no other one. */
function parameters(query: string, name: string): readonly string[] {
  return query.length < 2 ? [] : new URLSearchParams(query).getAll(name)
}
