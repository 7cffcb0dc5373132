import type { BalanceState } from '../../balance/endpoint.ts'
import type { RoadOptions, RoadState, Step } from '../road.ts'
import type { Table } from '../table.ts'
import type { ExplainedStep } from './explanation.ts'

/** A step in words; whether the road ended there is told by who walked it. */
export type Told = Omit<ExplainedStep, 'verdict'>

export type StepOf<S extends Step['step']> = Extract<Step, { step: S }>

/** What a step is told with: the cluster that was looked at, as it is now. */
export interface StepParts {
  readonly table: Table
  readonly balance: BalanceState
  readonly present: RoadState
  readonly road: RoadOptions
}
