import type { ErrorCode } from '../model/errors.ts'
import type { IdentityBook, IdentityOpener } from './backend-tls/identity-book.ts'
import type { ServiceTls } from './backend-tls/service-tls.ts'
import type { ExternalNames } from './external-names.ts'
import type { Freshness } from './freshness.ts'
import type { LimitReader, RoadState, Wait } from './road.ts'
import type { TokenBook, TokenVerifier } from './tokens/token-book.ts'
import type { TokenCheck } from './tokens/token-check.ts'

/** Finds out what the road waits for. */
export interface NameResolver {
  /** Resolves once the name has an answer, or is known to have none. Never rejects. */
  resolve(name: string): Promise<void>
}

/** What some gateways know besides. */
export interface RoadExtras {
  readonly tokens?: Pick<TokenBook, 'verdict'> | undefined
  readonly limits?: LimitReader | undefined
  readonly identities?: Pick<IdentityBook, 'identityOf'> | undefined
}

/** What the road reads of the present in a gateway that holds every host: those of a cluster are all as old as each other. */
export function roadState(
  names: Pick<ExternalNames, 'externalEndpoints' | 'troublesOf'>,
  freshness: Pick<Freshness, 'staleness'> | undefined,
  { tokens, limits, identities }: RoadExtras = {},
): RoadState {
  return {
    ...(limits && { limits }),
    externalEndpoints: (target) => names.externalEndpoints(target),
    externalTroubles: (name) => names.troublesOf(name),
    staleness: () => freshness?.staleness(),
    ...(identities && { identities: (tls: ServiceTls) => identities.identityOf(tls) }),
    ...(tokens && { tokenVerdict: (check: TokenCheck, token: string) => tokens.verdict(check, token) }),
  }
}

/** What finds out what the road waits for. */
export interface Finders {
  readonly names: NameResolver
  readonly tokens: TokenVerifier
  readonly identities: IdentityOpener
}

/** Resolves once it is known. Never rejects. */
export async function findOut(
  wanted: Exclude<Wait['for'], { type: 'host' }>,
  { names, tokens, identities }: Finders,
): Promise<void> {
  switch (wanted.type) {
    case 'name':
      return await names.resolve(wanted.name)
    case 'token':
      return await tokens.verify(wanted.check, wanted.token)
    case 'client-certificate':
      return await identities.open(wanted.tls)
  }
}

/** How often a request may wait in each cluster: it may have a token, a name and a certificate of ours of its own. */
export const WAITS = 3

/** What a request is answered whose wait came to nothing. */
export function unknownError({ type }: Wait['for']): ErrorCode {
  switch (type) {
    case 'token':
      return 'token-keys-missing'
    case 'client-certificate':
      return 'backend-tls-unavailable'
    case 'name':
    case 'host':
      return 'endpoints-none'
  }
}
