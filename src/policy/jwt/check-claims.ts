import type { JwtPolicy, RequiredClaim } from '../../model/jwt-policy.ts'
import type { JwtClaims } from './read-jwt.ts'

/** Why a token whose signature is good lets nobody in. */
export type ClaimsFault = 'token-expired' | 'token-early' | 'token-audience-wrong' | 'token-claims-missing'

/** @param now ms since the epoch. @returns undefined when all is as the Service asks */
export function claimsFault(claims: JwtClaims, policy: JwtPolicy, now: number): ClaimsFault | undefined {
  if (now >= endOf(claims, policy)) return 'token-expired'
  if (claims.nbf !== undefined && now < claims.nbf * 1000 - policy.clockSkewMs) return 'token-early'
  const audiences = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? [])
  const isForUs = policy.audiences.length === 0 || audiences.some((one) => policy.audiences.includes(one))
  if (!isForUs) return 'token-audience-wrong'
  return policy.claims.every((claim) => holds(claims, claim)) ? undefined : 'token-claims-missing'
}

/** When it no longer lets anybody in, in ms since the epoch. */
export function endOf({ exp }: JwtClaims, { clockSkewMs }: JwtPolicy): number {
  return exp * 1000 + clockSkewMs
}

function holds(claims: JwtClaims, { name, value }: RequiredClaim): boolean {
  const said = claimOf(claims, name)
  if (value === undefined) return said !== undefined && said !== null
  // RFC 8693 §4.2: a list in one string.
  const list = name === 'scope' && typeof said === 'string' ? said.split(' ') : said
  return Array.isArray(list) ? list.some((one) => isSame(one, value)) : isSame(list, value)
}

/** What a claims set says under a name: never what every object has. */
export function claimOf(claims: JwtClaims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}

function isSame(said: unknown, value: string): boolean {
  return ['string', 'number', 'boolean'].includes(typeof said) && String(said) === value
}
