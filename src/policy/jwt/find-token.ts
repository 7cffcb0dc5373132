import type { TokenPlace } from '../../model/jwt-policy.ts'

/** What of a request may hold a token. */
export interface TokenBearer {
  /** A field's value by lower-case name; several are joined with `, `. */
  field(name: string): string | undefined
}

export type TokenFind =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'none' }
  /** There is something, and it is not one token: two of them, or none that can be read. */
  | { readonly type: 'unclear' }

/** Longer ones are no tokens of anybody's, and cost too much to look at. */
const MAX_TOKEN = 8_192

const NONE: TokenFind = { type: 'none' }
const UNCLEAR: TokenFind = { type: 'unclear' }

/** RFC 6750 §2.1, and any spelling of the scheme (RFC 9110 §11.1). */
const BEARER = /^bearer(?: +|$)/i
/** Three parts of base64url with dots between (RFC 7515 §7.1). */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/**
 * The token of a request, from the first place that holds one. Where one place holds two it is not clear which of them the
 * application behind will read, so that neither counts (RFC 6750 §3.1, `invalid_request`).
 *
 * @param query with its `?`, or ''
 */
export function findToken(bearer: TokenBearer, query: string, places: readonly TokenPlace[]): TokenFind {
  for (const place of places) {
    const texts = textsAt(place, bearer, query)
    if (texts.length === 0) continue
    const [token = ''] = texts
    return texts.length === 1 && COMPACT.test(token) && token.length <= MAX_TOKEN
      ? { type: 'token', token }
      : UNCLEAR
  }
  return NONE
}

function textsAt(place: TokenPlace, bearer: TokenBearer, query: string): readonly string[] {
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
