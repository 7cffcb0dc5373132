import { parseDuration } from '../model/duration.ts'
import { excerpt } from '../model/excerpt.ts'
import {
  type ClaimHeader,
  type JwtAlgorithm,
  jwtAlgorithms,
  type RequiredClaim,
  type TokenPlace,
} from '../model/jwt-policy.ts'
import type { AnnotationParse } from './annotation.ts'
import { parseSecretName } from './secrets/schema.ts'

const MAX_ISSUERS = 8
const MAX_LISTED = 16
const MAX_SKEW_MS = 300_000

// Visible ASCII: what else looks like a name may not be the one that somebody meant.
const TEXT = /^[\x21-\x2b\x2d-\x7e]{1,512}$/
const CLAIM = /^[\x21-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/
/** No underscore, so that each field has one spelling. */
const FIELD = /^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/
/** RFC 6265 §4.1.1. */
const COOKIE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/
const PARAMETER = /^[A-Za-z0-9_.~-]{1,64}$/

/** Fields of the connection, of the message, and those by which the gateway itself tells of the client. */
const TAKEN = new RegExp(
  `^(?:${[
    ...['host', 'connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect', 'via'],
    ...['proxy-.*', 'content-.*', 'authorization', 'cookie', 'forwarded', 'traceparent', 'tracestate'],
    ...['x-forwarded-.*', 'x-real-ip', 'x-request-id', 'range', 'if-.*'],
  ].join('|')})$`,
  'i',
)

type Item<T> = (text: string) => T | undefined

export function parseIssuers(text: string): AnnotationParse<readonly string[]> {
  return list(text, MAX_ISSUERS, 'issuer', textOf)
}

/** Empty: a token for anybody. */
export function parseAudiences(text: string): AnnotationParse<readonly string[]> {
  if (text.trim() === '*') return { ok: true, value: [] }
  return list(text, MAX_LISTED, 'audience', (part) => (part === '*' ? undefined : textOf(part)))
}

/** What may be reached is the gateway's to know: here it need only be a URL that can be asked. */
export function parseJwksUrls(text: string): AnnotationParse<readonly string[]> {
  // Several issuers may share one.
  return each(text, MAX_ISSUERS, 'http:// or https:// URL', urlOf)
}

/** One for each issuer, which may share it. */
export function parseJwksSecrets(text: string): AnnotationParse<readonly string[]> {
  return each(text, MAX_ISSUERS, 'name of a Secret in the namespace of the Service', (part) => {
    const parsed = parseSecretName(part)
    return parsed.ok ? parsed.value : undefined
  })
}

export function parseAlgorithms(text: string): AnnotationParse<readonly JwtAlgorithm[]> {
  return list(text, jwtAlgorithms.length, 'algorithm that is taken', (part) =>
    jwtAlgorithms.find((known) => known === part),
  )
}

export function parseClockSkew(text: string): AnnotationParse<number> {
  const value = parseDuration(text.trim())
  return value === undefined || value > MAX_SKEW_MS
    ? { ok: false, reason: 'not a duration such as 30s, up to 5m' }
    : { ok: true, value }
}

export function parseRequiredClaims(text: string): AnnotationParse<readonly RequiredClaim[]> {
  return list(text, MAX_LISTED, 'claim, or claim=value', (part) => {
    const [name = '', ...rest] = part.split('=')
    const value = rest.join('=')
    if (!CLAIM.test(name)) return undefined
    if (rest.length === 0) return { name }
    return TEXT.test(value) ? { name, value } : undefined
  })
}

export function parseClaimHeaders(text: string): AnnotationParse<readonly ClaimHeader[]> {
  const parsed = list(text, MAX_LISTED, 'claim=Field-Name with a field that is free to set', claimHeaderOf)
  if (!parsed.ok) return parsed
  const fields = parsed.value.map(({ field }) => field.toLowerCase())
  const twice = fields.find((field, index) => fields.indexOf(field) !== index)
  return twice === undefined ? parsed : { ok: false, reason: `${twice} is set twice` }
}

export function parsePlaces(text: string): AnnotationParse<readonly TokenPlace[]> {
  return list(text, MAX_LISTED, 'place: bearer, header:NAME, cookie:NAME or query:NAME', placeOf)
}

function claimHeaderOf(part: string): ClaimHeader | undefined {
  const at = part.lastIndexOf('=')
  const [claim, field] = [part.slice(0, Math.max(at, 0)).trim(), part.slice(at + 1).trim()]
  return CLAIM.test(claim) && isFreeField(field) ? { claim, field } : undefined
}

export function placeOf(part: string): TokenPlace | undefined {
  if (part === 'bearer') return { in: 'bearer', name: '' }
  const at = part.indexOf(':')
  const [kind, name] = [part.slice(0, Math.max(at, 0)), part.slice(at + 1)]
  switch (kind) {
    case 'header':
      // A bare token there would be no credential that HTTP knows: "bearer" is for that field.
      return isFreeField(name) ? { in: 'header', name: name.toLowerCase() } : undefined
    case 'cookie':
      return COOKIE.test(name) ? { in: 'cookie', name } : undefined
    case 'query':
      return PARAMETER.test(name) ? { in: 'query', name } : undefined
    default:
      return undefined
  }
}

/** Whether a field may be set, or read, for a Service's own purposes. */
export function isFreeField(name: string): boolean {
  return FIELD.test(name) && !TAKEN.test(name)
}

function textOf(part: string): string | undefined {
  return TEXT.test(part) ? part : undefined
}

function urlOf(part: string): string | undefined {
  const url = TEXT.test(part) ? URL.parse(part) : null
  const isUsable =
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  return isUsable && url.hash === '' ? part : undefined
}

/** As {@link each}, without those that stand twice. */
export function list<T>(
  text: string,
  max: number,
  what: string,
  item: Item<T>,
): AnnotationParse<readonly T[]> {
  const parsed = each(text, max, what, item)
  if (!parsed.ok) return parsed
  const seen = new Set<string>()
  return { ok: true, value: parsed.value.filter((value) => addTo(seen, JSON.stringify(value))) }
}

function each<T>(text: string, max: number, what: string, item: Item<T>): AnnotationParse<readonly T[]> {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length > max) return { ok: false, reason: `more than ${max}` }
  const values: T[] = []
  for (const part of parts) {
    const value = item(part)
    if (value === undefined) return { ok: false, reason: `"${excerpt(part, 60)}" is no ${what}` }
    values.push(value)
  }
  return { ok: true, value: values }
}

function addTo(seen: Set<string>, text: string): boolean {
  if (seen.has(text)) return false
  seen.add(text)
  return true
}
