import type { Hono } from 'hono'
import type { GatewayConfig } from '../../src/cli/config.ts'
import type { ClusterShare } from '../../src/gateway/cluster-member.ts'
import type { Clusters } from '../../src/gateway/clusters.ts'
import type { ListenAt } from '../../src/gateway/entrance.node.ts'
import type { Sharing } from '../../src/limits/rate-limits.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
import type { TicketRing } from '../../src/tls/ticket-keys.ts'
import type { Trust } from './open-trust.ts'
import type { Telemetry } from './telemetry.ts'

/** What of a command's configuration a gateway needs. */
export type ServeConfig = Omit<
  GatewayConfig,
  | 'command'
  | 'registry'
  | 'trust'
  | 'sealingKeys'
  | 'limitsRedis'
  | 'stateDir'
  | 'listen'
  | 'console'
  | 'consoleToken'
  | 'workers'
> & {
  readonly stateDir?: string | undefined
}

/** What a gateway is given by whoever runs it. */
export interface ServeParts {
  readonly readerOf: (cluster: string) => RegistryReader
  /** Whose heads are taken of what is on disk. */
  readonly trust: Trust
  /** Opens the secret parts of the records of clusters. */
  readonly openerOf: (clusters: readonly string[]) => OpenSecret
  /** Whether these are only such as a trusted key has signed. */
  readonly isSigned: boolean
  readonly telemetry: Telemetry
  readonly stopped: Promise<unknown>
  readonly listenAt: ListenAt
  /** Where TLS is spoken, if the configuration says so; by default there. */
  readonly listenSecurelyAt?: ListenAt | undefined
  /** Ticket keys that others share; by default this process has its own. */
  readonly tickets?: TicketRing | undefined
  /** Whether another process writes what is kept on disk. */
  readonly isDiskReadOnly: boolean
  readonly onTable: (clusters: Clusters) => void
  /** Who else counts the rate limits of a cluster's Services. */
  readonly sharingOf: (cluster: string) => Sharing
  /** Lets operators reach the console; called before anything is served. */
  readonly openConsole: (console: Hono) => Promise<{ close(): Promise<void> }>
}

/** A gateway's own cluster alone. */
export function soleCluster(name: string): readonly ClusterShare[] {
  return [{ name, weight: 1, within: undefined }]
}
