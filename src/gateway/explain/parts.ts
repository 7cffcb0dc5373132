import type { BalanceState } from '../../balance/endpoint.ts'
import type { PlanCluster } from '../plan-across.ts'
import type { RoadOptions } from '../road.ts'
import type { Table } from '../table.ts'

/** A cluster that a request is explained on. */
export interface ExplainedCluster extends PlanCluster {
  readonly table: () => Table | undefined
  /** Of the moment: a gateway's own, or one in which nothing is under way. */
  readonly state: BalanceState
}

export interface ExplainParts {
  /** In the order in which the gateway asks them. */
  readonly clusters: readonly ExplainedCluster[]
  readonly road: RoadOptions
}
