import { claimOf } from '../../policy/jwt/check-claims.ts'
import type { JwtClaims } from '../../policy/jwt/read-jwt.ts'

/** Longer ones name nobody, and would be remembered. */
const MAX_SUBJECT = 512

/**
 * What a claim says, as one of a kind: two issuers may call different people the same.
 * @returns undefined when it is not there, or is no single value
 */
export function subjectOf(claims: JwtClaims, name: string): string | undefined {
  const said = claimOf(claims, name)
  if (typeof said !== 'string' && typeof said !== 'number' && typeof said !== 'boolean') return undefined
  const text = JSON.stringify([claims.iss, said])
  return text.length <= MAX_SUBJECT ? text : undefined
}
