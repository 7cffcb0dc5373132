import { clientKey } from '../limits/rate-key.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { AccessFinder } from './access/access-book.ts'
import type { AccessReader } from './access/access-check.ts'
import type { IdentityBook, IdentityOpener } from './backend-tls/identity-book.ts'
import type { ServiceTls } from './backend-tls/service-tls.ts'
import type { ExternalNames } from './external-names.ts'
import type { Freshness } from './freshness.ts'
import type { LimitReader, RoadState, Wait } from './road.ts'
import type { TokenBook, TokenVerifier } from './tokens/token-book.ts'
import type { TokenQuestion } from './tokens/token-check.ts'

/** Finds out what the road waits for. */
export interface NameResolver {
  /** Resolves once the name has an answer, or is known to have none. Never rejects. */
  resolve(name: string): Promise<void>
}

/** What some gateways know besides. */
export interface RoadExtras {
  readonly tokens?: Pick<TokenBook, 'verdict'> | undefined
  readonly access?: AccessReader | undefined
  readonly limits?: LimitReader | undefined
  readonly identities?: Pick<IdentityBook, 'identityOf'> | undefined
}

/** What the road reads of the present in a gateway that holds every host: those of a cluster are all as old as each other. */
export function roadState(
  names: Pick<ExternalNames, 'externalEndpoints' | 'troublesOf'>,
  freshness: Pick<Freshness, 'staleness'> | undefined,
  { tokens, access, limits, identities }: RoadExtras = {},
): RoadState {
  return {
    ...(limits && { limits }),
    externalEndpoints: (target) => names.externalEndpoints(target),
    externalTroubles: (name) => names.troublesOf(name),
    staleness: () => freshness?.staleness(),
    ...(identities && { identities: (tls: ServiceTls) => identities.identityOf(tls) }),
    ...(tokens && { tokenVerdict: (question: TokenQuestion) => tokens.verdict(question) }),
    ...(access && { access }),
  }
}

/** What finds out what the road waits for. */
export interface Finders {
  readonly names: NameResolver
  readonly tokens: TokenVerifier
  readonly identities: IdentityOpener
  readonly access: AccessFinder
}

/** What a gateway that holds every host may wait for. */
export type Wanted = Exclude<Wait['for'], { type: 'host' }>

/** Each cluster may have so much to wait for: a name, a token, a credential to be opened, a password in it, an answer of others, a certificate of ours. */
export const WAITS = 6

/**
 * Resolves once it is known. Never rejects.
 * @param client whose request waits (normalised address)
 * @returns why it cannot be known
 */
export async function findOut(
  wanted: Wanted,
  client: string,
  { names, tokens, access, identities }: Finders,
): Promise<ErrorCode | undefined> {
  switch (wanted.type) {
    case 'name':
      await names.resolve(wanted.name)
      return undefined
    case 'client-certificate':
      await identities.open(wanted.tls)
      return undefined
    case 'token':
      return await tokens.verify(wanted.question, clientKey(client))
    default:
      return await access.find(wanted, clientKey(client))
  }
}

/** What a request is answered whose wait came to nothing. */
export function unknownError({ type }: Wait['for']): ErrorCode {
  switch (type) {
    case 'name':
    case 'host':
      return 'endpoints-none'
    case 'token':
      return 'token-keys-missing'
    case 'client-certificate':
      return 'backend-tls-unavailable'
    case 'credential':
    case 'password':
      return 'credential-missing'
    case 'auth-call':
      return 'auth-unavailable'
  }
}
