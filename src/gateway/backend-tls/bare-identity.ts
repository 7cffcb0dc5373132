import type { Identities } from './identity-book.ts'
import { namesOf } from './service-tls.ts'

/**
 * On a platform that verifies endpoints itself, or not at all: whom a Service expects, without what that takes.
 * Whoever carries a plan out there must refuse what the platform does not do (gateway/platform-limits.ts).
 */
export const bareIdentity: Identities = ({ id, settings }) => {
  const { serverName, verify } = settings
  if (serverName === '') return 'unavailable'
  return { id, serverName, names: namesOf(settings), verify, ca: undefined, client: undefined }
}
