import type { ExternalNames } from './external-names.ts'
import type { Freshness } from './freshness.ts'
import type { LimitReader, RoadState } from './plan.ts'

/** Finds out what the road waits for. */
export interface NameResolver {
  /** Resolves once the name has an answer, or is known to have none. Never rejects. */
  resolve(name: string): Promise<void>
}

/** What the road reads of the present in a gateway that holds every host: those of a cluster are all as old as each other. */
export function roadState(
  names: Pick<ExternalNames, 'externalEndpoints' | 'troublesOf'>,
  freshness: Pick<Freshness, 'staleness'> | undefined,
  limits?: LimitReader,
): RoadState {
  return {
    ...(limits && { limits }),
    externalEndpoints: (target) => names.externalEndpoints(target),
    externalTroubles: (name) => names.troublesOf(name),
    staleness: () => freshness?.staleness(),
  }
}
