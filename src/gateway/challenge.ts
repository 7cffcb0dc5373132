import type { GivenAnswer } from './access/auth-call.ts'
import type { PlanTable } from './road.ts'

/** RFC 8555 §8.3. */
const PREFIX = '/.well-known/acme-challenge/'

/**
 * What a certificate authority is answered that asks a host for a token which our agent has been given for it. Any other
 * path there is the application's, which may have an ACME client of its own.
 */
export function challengeOf(
  method: string,
  host: string,
  path: string,
  table: PlanTable,
): { readonly token: string; readonly given: GivenAnswer } | undefined {
  if (method !== 'GET' || !path.startsWith(PREFIX)) return undefined
  const token = path.slice(PREFIX.length)
  const challenge = table.challenge(host, token)
  if (challenge === undefined) return undefined
  const body = Uint8Array.from(new TextEncoder().encode(challenge.keyAuthorization))
  return { token, given: { status: 200, fields: ['Content-Type', 'application/octet-stream'], body } }
}
