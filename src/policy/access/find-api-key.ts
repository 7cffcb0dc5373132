import type { TokenPlace } from '../../model/jwt-policy.ts'
import { type Bearer, textsAt } from '../places.ts'

export type KeyFind =
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'none' }
  /** There is something, and it is not one key. */
  | { readonly type: 'unclear' }

/** Longer ones are no keys of anybody's, and cost too much to look at. */
const MAX_KEY = 1_024
/** Two fields of one name were joined by a comma, which no key holds; nor does it hold what a header cannot. */
const KEY = /^[\x21-\x2b\x2d-\x7e]+$/

/**
 * The API key of a request, from the first place that holds one. Where a place holds two, neither counts: the application
 * behind might read the other one.
 *
 * @param query with its `?`, or ''
 */
export function findApiKey(bearer: Bearer, query: string, places: readonly TokenPlace[]): KeyFind {
  for (const place of places) {
    const [key, ...others] = textsAt(place, bearer, query)
    if (key === undefined) continue
    const isOne = others.length === 0 && key.length <= MAX_KEY && KEY.test(key)
    return isOne ? { type: 'key', key } : { type: 'unclear' }
  }
  return { type: 'none' }
}
