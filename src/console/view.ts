import type { RouteStatus } from '../gateway/route-status.ts'
import type { Problem } from '../model/problem.ts'

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
