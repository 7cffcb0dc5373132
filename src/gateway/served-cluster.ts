import type { PlanCluster } from './plan-across.ts'
import type { RoadState } from './road.ts'
import type { GatewayState } from './state.ts'
import type { Table } from './table.ts'

/** A cluster that a gateway serves: planned on its table, with a state of its own, since its addresses may be another's too. */
export interface ServedCluster extends PlanCluster {
  readonly table: () => Table | undefined
  readonly state: GatewayState
}

/** The only cluster of a gateway. */
export function onlyCluster(
  table: () => Table | undefined,
  state: GatewayState,
  present: RoadState,
): ServedCluster {
  return { name: undefined, weight: 1, hash: 0, table, state, present }
}
