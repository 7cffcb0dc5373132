import type { RateLimit } from '../model/limits.ts'
import { intervalMs } from './gcra.ts'

/**
 * What a client that came too often is told, as [name, value, …]: Retry-After (RFC 9110 §10.2.3), and RateLimit with its
 * policy as structured fields (draft-ietf-httpapi-ratelimit-headers-10): the whole allowance and the seconds in which it
 * fills; what is left, and the seconds until there is more.
 */
export function rateFields(limit: RateLimit, waitMs: number): string[] {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return [
    ...['Retry-After', `${seconds}`],
    ...['RateLimit-Policy', policyOf(limit)],
    ...['RateLimit', `"${limit.key.type}";r=0;t=${seconds}`],
  ]
}

/**
 * What a client is told that has come in: what is left after this one. When there is more depends on what it does
 * meanwhile, and is not said.
 */
export function allowanceFields(limit: RateLimit, left: number): string[] {
  return ['RateLimit-Policy', policyOf(limit), 'RateLimit', `"${limit.key.type}";r=${Math.max(0, left)}`]
}

function policyOf(limit: RateLimit): string {
  const window = Math.max(1, Math.ceil((intervalMs(limit) * limit.burst) / 1000))
  return `"${limit.key.type}";q=${limit.burst};w=${window}`
}
