import * as v from 'valibot'
import { hasUniqueMembers } from './unique-members.ts'

/** Types of tokens that open nothing (a logout, a proof of possession) are signed by the same keys (RFC 8725 §3.11). */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'jws'])

const headerSchema = v.object({
  alg: v.string(),
  kid: v.optional(v.string()),
  typ: v.optional(
    v.pipe(
      v.string(),
      v.check((typ) => TYPES.has(typ.toLowerCase().replace(/^application\//, ''))),
    ),
  ),
  // None is understood here, so that whatever is critical is refused (RFC 7515 §4.1.11); in a JWT no payload is bare.
  crit: v.optional(v.never()),
  b64: v.optional(v.never()),
})

/** Of a claims set what decides; NumericDate is in seconds (RFC 7519 §2). */
const claimsSchema = v.looseObject({
  iss: v.string(),
  aud: v.optional(v.union([v.string(), v.array(v.string())])),
  exp: v.pipe(v.number(), v.finite()),
  nbf: v.optional(v.pipe(v.number(), v.finite())),
})

export type JwtHeader = Readonly<v.InferOutput<typeof headerSchema>>
export type JwtClaims = Readonly<v.InferOutput<typeof claimsSchema>>

export interface ReadJwt {
  readonly header: JwtHeader
  readonly claims: JwtClaims
}

/**
 * What a token (RFC 7519, JWS compact) says, before anybody knows whether it is true.
 * @returns undefined when it is none, or one without issuer or end
 */
export function readJwt(token: string): ReadJwt | undefined {
  const [first = '', second = ''] = token.split('.')
  const header = v.safeParse(headerSchema, jsonOf(first))
  const claims = v.safeParse(claimsSchema, jsonOf(second))
  return header.success && claims.success ? { header: header.output, claims: claims.output } : undefined
}

/** @returns undefined when it is no JSON, or one that can be read in two ways */
function jsonOf(part: string): unknown {
  try {
    const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0))
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const json: unknown = JSON.parse(text)
    return hasUniqueMembers(text) ? json : undefined
  } catch {
    return undefined
  }
}
