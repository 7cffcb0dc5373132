import type { Problem, ProblemCode } from '../model/problem.ts'

/** One rule as the table holds it. */
export interface RouteStatus {
  readonly host: string
  readonly path: string
  readonly pathType: 'exact' | 'prefix'
  /** `namespace/name:port`, null when the rule forwards nowhere. */
  readonly service: string | null
  readonly target: 'pod' | 'node' | null
  /** How many endpoints are eligible. */
  readonly endpoints: number
  readonly problem: ProblemCode | null
}

/** What the console may see of a gateway. */
export interface ConsoleView {
  isReady(): boolean
  /** Why it is not ready, for people. */
  notReadyReason(): string
  /** Prometheus text. */
  metrics(): Promise<string>
  routes(): readonly RouteStatus[]
  problems(): readonly Problem[]
}
