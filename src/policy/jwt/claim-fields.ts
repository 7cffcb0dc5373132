import type { ClaimHeader } from '../../model/jwt-policy.ts'
import { claimOf } from './check-claims.ts'
import type { JwtClaims } from './read-jwt.ts'

/** Longer values are not passed on: no application takes a field of any length. */
const MAX_VALUE = 2_048

/**
 * Claims as fields for the application, [name, value, …]. A claim that is not there, or is an object, has none. What a field
 * cannot hold (RFC 9110 §5.5) is percent-encoded, and so is `%`; in a list also the comma.
 */
export function claimFields(claims: JwtClaims, headers: readonly ClaimHeader[]): readonly string[] {
  return headers.flatMap(({ claim, field }) => {
    const value = fieldValue(claimOf(claims, claim))
    return value === undefined || value === '' || value.length > MAX_VALUE ? [] : [field, value]
  })
}

function fieldValue(said: unknown): string | undefined {
  if (!Array.isArray(said)) return scalarOf(said)
  const parts = said.map((one) => scalarOf(one)?.replaceAll(',', '%2C'))
  return parts.every((part) => part !== undefined) ? parts.join(',') : undefined
}

function scalarOf(said: unknown): string | undefined {
  if (typeof said === 'number' || typeof said === 'boolean') return String(said)
  if (typeof said !== 'string') return undefined
  // A space at an end would be cut off on the way.
  return said.toWellFormed().replace(/[^\x20-\x24\x26-\x7e]|^ | $/gu, encodeURIComponent)
}
