import type { NameState } from './explain/explain.ts'
import type { ExternalNames } from './external-names.ts'
import type { Freshness } from './freshness.ts'

/** What the road reads of the present in a gateway that holds every host: they are all as old as each other. */
export function roadState(
  names: ExternalNames,
  freshness: Pick<Freshness, 'staleness'> | undefined,
): NameState {
  return {
    externalEndpoints: (target) => names.externalEndpoints(target),
    resolve: (name) => names.resolve(name),
    staleness: () => freshness?.staleness(),
  }
}
