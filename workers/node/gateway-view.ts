import type { ConsoleView } from '../../src/console/view.ts'
import type { Clusters } from '../../src/gateway/clusters.ts'
import { explainInTime } from '../../src/gateway/explain/explain.ts'
import type { ExplainParts } from '../../src/gateway/explain/parts.ts'
import type { Finders } from '../../src/gateway/road-state.ts'
import { observeGateway } from '../../src/telemetry/gateway-instruments.ts'
import type { Telemetry } from './telemetry.ts'

export interface GatewayViewParts extends Pick<ExplainParts, 'road'>, Finders {
  readonly clusters: Clusters
  readonly telemetry: Telemetry
  /** How far it is: clients are not listened for, they are, or it drains. */
  readonly phase: () => 'starting' | 'listening' | 'draining'
}

const TOO_OLD = 'the records on disk are older than --max-stale, and the registry has not answered yet'

/** What the console sees of a gateway in this process. */
export function gatewayView({
  clusters,
  names,
  tokens,
  identities,
  access,
  telemetry,
  phase,
  road,
}: GatewayViewParts): ConsoleView {
  observeGateway(telemetry.meter, () =>
    clusters.served.length === 1
      ? [clusters.status()]
      : clusters.statuses().map((status) => ({ cluster: status.name, ...status })),
  )
  return {
    isReady: () => phase() === 'listening' && clusters.hasGoodTable,
    notReadyReason: () => {
      if (phase() === 'draining') return 'draining'
      if (!clusters.isLoaded) return 'no table has been loaded yet'
      return phase() === 'starting' ? 'clients are not listened for yet' : TOO_OLD
    },
    metrics: () => telemetry.prometheus(),
    status: () => clusters.status(),
    routes: () => clusters.routes(),
    problems: () => clusters.problems(),
    clusters: () => clusters.statuses(),
    explain: (question) =>
      clusters.isLoaded
        ? explainInTime(question, { clusters: clusters.served, road, names, tokens, access, identities })
        : undefined,
  }
}
