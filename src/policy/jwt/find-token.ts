import type { TokenPlace } from '../../model/jwt-policy.ts'
import { type Bearer, textsAt } from '../places.ts'

export type TokenFind =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'none' }
  /** There is something, and it is not one token: two of them, or none that can be read. */
  | { readonly type: 'unclear' }

/** Longer ones are no tokens of anybody's, and cost too much to look at. */
const MAX_TOKEN = 8_192

const NONE: TokenFind = { type: 'none' }
const UNCLEAR: TokenFind = { type: 'unclear' }

/** Three parts of base64url with dots between (RFC 7515 §7.1). */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/**
 * The token of a request, from the first place that holds one. Where one place holds two it is not clear which of them the
 * application behind will read, so that neither counts (RFC 6750 §3.1, `invalid_request`).
 *
 * @param query with its `?`, or ''
 */
export function findToken(bearer: Bearer, query: string, places: readonly TokenPlace[]): TokenFind {
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
