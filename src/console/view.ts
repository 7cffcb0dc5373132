import type { ClusterProblem, ClusterStatus } from '../gateway/clusters.ts'
import type { Answer } from '../gateway/explain/explain.ts'
import type { Question } from '../gateway/explain/request.ts'
import type { GatewayStatus } from '../gateway/gateway-status.ts'
import type { RouteStatus } from '../gateway/route-status.ts'

/** What an operator's probes may see of any part. */
export interface HealthView {
  isReady(): boolean
  /** Why it is not ready, for people. */
  notReadyReason(): string
  /** What it is ready for, where there is more to say than that. */
  readyFor?(): string | undefined
  /** Prometheus text. */
  metrics(): Promise<string>
}

/** What the console may see of a gateway. */
export interface ConsoleView extends HealthView {
  status(): GatewayStatus
  routes(): readonly RouteStatus[]
  problems(): readonly ClusterProblem[]
  /** In the order in which they are asked. */
  clusters(): readonly ClusterStatus[]
  /** Undefined: there is no table to walk yet. */
  explain(question: Question): Promise<Answer> | undefined
}
