import type { RateLimit } from '../model/limits.ts'
import { intervalMs } from './gcra.ts'

/**
 * What a client that came too often is told, as [name, value, …]: Retry-After (RFC 9110 §10.2.3), and RateLimit with its
 * policy as structured fields (draft-ietf-httpapi-ratelimit-headers-10): the whole allowance and the seconds in which it
 * fills; what is left, and the seconds until there is more.
 */
export function rateFields(limit: RateLimit, waitMs: number): string[] {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  const window = Math.max(1, Math.ceil((intervalMs(limit) * limit.burst) / 1000))
  return [
    ...['Retry-After', `${seconds}`],
    ...['RateLimit-Policy', `"${limit.key.type}";q=${limit.burst};w=${window}`],
    ...['RateLimit', `"${limit.key.type}";r=0;t=${seconds}`],
  ]
}
