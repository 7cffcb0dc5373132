import type { CachePart } from '../model/access-policy.ts'
import { parseDuration } from '../model/duration.ts'
import { excerpt } from '../model/excerpt.ts'
import type { AnnotationParse } from './annotation.ts'
import { isFreeField, list, placeOf } from './jwt-values.ts'

const MAX_LISTED = 16
const MAX_CACHE_MS = 3_600_000
/** Visible ASCII, but what would end a quoted string. */
const REALM = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,128}$/
const URL_TEXT = /^[\x21-\x7e]{1,1024}$/

/** A field that the application gets, and nobody else may set. */
export function parseField(text: string): AnnotationParse<string> {
  const field = text.trim()
  return isFreeField(field)
    ? { ok: true, value: field }
    : { ok: false, reason: 'no name of a field that is free to set' }
}

export function parseRealm(text: string): AnnotationParse<string> {
  return REALM.test(text)
    ? { ok: true, value: text }
    : { ok: false, reason: 'not 1 to 128 printable ASCII characters without " and \\' }
}

/** What may be reached is the gateway's to know: here it need only be a URL that can be asked. */
export function parseAuthUrl(text: string): AnnotationParse<string> {
  const trimmed = text.trim()
  const url = URL_TEXT.test(trimmed) ? URL.parse(trimmed) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '')
    return { ok: false, reason: 'no http:// or https:// URL' }
  if (url.username !== '' || url.password !== '') return { ok: false, reason: 'it holds a password' }
  return trimmed.includes('$')
    ? { ok: false, reason: 'it holds a "$": there are no variables; rd is added to auth-signin by itself' }
    : { ok: true, value: trimmed }
}

/** Authorization may be replaced. Cookies go to the client by themselves: to name them says nothing. */
export function parseResponseFields(text: string): AnnotationParse<readonly string[]> {
  const parsed = list(text, MAX_LISTED, 'field that is free to set', (part) =>
    isFreeField(part) || /^authorization$/i.test(part) || /^set-cookie$/i.test(part) ? part : undefined,
  )
  if (!parsed.ok) return parsed
  return { ok: true, value: parsed.value.filter((field) => !/^set-cookie$/i.test(field)) }
}

export function parseCacheKey(text: string): AnnotationParse<readonly CachePart[]> {
  return list(text, MAX_LISTED, 'proof: authorization, cookie, header:NAME or cookie:NAME', (part) => {
    if (part === 'authorization' || part === 'cookie') return { in: 'header', name: part } as const
    const place = placeOf(part)
    return place?.in === 'header' || place?.in === 'cookie' ? { in: place.in, name: place.name } : undefined
  })
}

export function parseCacheDuration(text: string): AnnotationParse<number> {
  const value = parseDuration(text.trim())
  return value === undefined || value === 0 || value > MAX_CACHE_MS
    ? { ok: false, reason: `"${excerpt(text, 60)}" is no duration such as 30s, from 1ms to 1h` }
    : { ok: true, value }
}
