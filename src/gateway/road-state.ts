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
}

/** What the road reads of the present in a gateway that holds every host: those of a cluster are all as old as each other. */
export function roadState(
  names: Pick<ExternalNames, 'externalEndpoints' | 'troublesOf'>,
  freshness: Pick<Freshness, 'staleness'> | undefined,
  { tokens, limits }: RoadExtras = {},
): RoadState {
  return {
    ...(limits && { limits }),
    externalEndpoints: (target) => names.externalEndpoints(target),
    externalTroubles: (name) => names.troublesOf(name),
    staleness: () => freshness?.staleness(),
    ...(tokens && { tokenVerdict: (check: TokenCheck, token: string) => tokens.verdict(check, token) }),
  }
}

/** What finds out what the road waits for. */
export interface Finders {
  readonly names: NameResolver
  readonly tokens: TokenVerifier
}

/** Resolves once it is known. Never rejects. */
export async function findOut(
  wanted: Exclude<Wait['for'], { type: 'host' }>,
  { names, tokens }: Finders,
): Promise<void> {
  if (wanted.type === 'name') await names.resolve(wanted.name)
  else await tokens.verify(wanted.check, wanted.token)
}
