import type { ConsoleView } from '../../src/console/view.ts'
import type { DiskCopy } from '../../src/gateway/disk/disk-copy.node.ts'
import { type ExplainParts, explainInTime, type NameState } from '../../src/gateway/explain/explain.ts'
import type { Freshness } from '../../src/gateway/freshness.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { gatewayStatus } from '../../src/gateway/gateway-status.ts'
import { observeGateway } from '../../src/telemetry/gateway-instruments.ts'
import type { Telemetry } from './telemetry.ts'

export interface GatewayViewParts extends Pick<ExplainParts, 'road' | 'balance'> {
  readonly gateway: Gateway
  readonly freshness: Freshness
  readonly disk: DiskCopy | undefined
  readonly present: NameState
  readonly telemetry: Telemetry
  /** How far it is: clients are not listened for, they are, or it drains. */
  readonly phase: () => 'starting' | 'listening' | 'draining'
}

const TOO_OLD = 'the records on disk are older than --max-stale, and the registry has not answered yet'

/** What the console sees of a gateway in this process. */
export function gatewayView(parts: GatewayViewParts): ConsoleView {
  const { gateway, freshness, disk, present, telemetry, phase, road, balance } = parts
  const status = () => gatewayStatus(gateway, freshness, disk)
  observeGateway(telemetry.meter, status)
  return {
    isReady: () => phase() === 'listening' && gateway.hasGoodTable,
    notReadyReason: () => {
      if (phase() === 'draining') return 'draining'
      if (gateway.table === undefined) return 'no table has been loaded yet'
      return phase() === 'starting' ? 'clients are not listened for yet' : TOO_OLD
    },
    metrics: () => telemetry.prometheus(),
    status,
    routes: () => gateway.routes(),
    problems: () => gateway.problems(),
    explain: (question) => {
      const { table } = gateway
      return table && explainInTime(question, { table, road, balance, state: present })
    },
  }
}
