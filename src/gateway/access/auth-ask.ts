import type { Peer } from '../../identity/identify.ts'
import { forwardedFacts } from '../observe.ts'
import type { Passage, RequestHead } from '../road.ts'
import type { TableService } from '../table-service.ts'
import type { AuthAsk } from './auth-call.ts'

/** What of a request is told to whom its Service asks about it. */
export interface AskedAbout {
  readonly service: TableService
  readonly passage: Passage
  readonly authority: string
  /** Path and query, as the application would get them but for a prefix that is cut. */
  readonly uri: string
}

/**
 * The question about a request. What only the gateway may say of a client is left out of it: the client could have
 * made it up.
 *
 * @throws Error where a Service asks nobody
 */
export function authAskOf(
  head: RequestHead,
  peer: Peer,
  { service, passage, authority, uri }: AskedAbout,
): AuthAsk {
  const policy = service.record.access?.call
  if (policy === undefined)
    throw new Error(`Cannot ask about a request: ${service.key} says nobody to be asked`)
  const about = {
    authority,
    passage,
    hostRewrite: undefined,
    clientCertificate: undefined,
    strippedPrefix: undefined,
    maxForwards: undefined,
  }
  // But for what it proves itself with, which the answer may replace.
  const names = new Set([...(service.ownFields ?? [])].filter((name) => name !== 'authorization'))
  const claims = { fields: [], names }
  const facts = forwardedFacts({ ...about, claims }, peer, '', '1.1')
  return { policy, service: `${passage.cluster ?? ''}/${service.key}`, head, facts, uri }
}
