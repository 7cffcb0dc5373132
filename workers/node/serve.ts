import type { Hono } from 'hono'
import type { GatewayConfig } from '../../src/cli/config.ts'
import { createConsole } from '../../src/console/app.ts'
import { endpointPool } from '../../src/forward/endpoint-pool.node.ts'
import { type ClusterShare, Clusters } from '../../src/gateway/clusters.ts'
import type { ListenAt } from '../../src/gateway/entrance.node.ts'
import { ExternalNames } from '../../src/gateway/external-names.ts'
import { Listener } from '../../src/gateway/listener.node.ts'
import { nameServer } from '../../src/gateway/name-server.node.ts'
import type { RouteStatus } from '../../src/gateway/route-status.ts'
import { certificateTerms } from '../../src/gateway/tls/certificate-status.ts'
import type { Sharing } from '../../src/limits/rate-limits.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
import { observeConnections } from '../../src/telemetry/gateway-instruments.ts'
import { observeTables } from '../../src/telemetry/sync-observer.ts'
import { observeCertificates, observeHandshakes } from '../../src/telemetry/tls-instruments.ts'
import type { TicketRing } from '../../src/tls/ticket-keys.ts'
import { TlsConnector } from '../../src/wire/client-tls.node.ts'
import { openDiskCopy } from './disk-copy.ts'
import { createAccess } from './find-access.ts'
import { createIdentityBook } from './find-identities.ts'
import { gatewayView } from './gateway-view.ts'
import { countOutsideWithHeap, holdYoungSpace } from './heap.ts'
import { openTls } from './open-tls.ts'
import type { Trust } from './open-trust.ts'
import { say } from './say.ts'
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

export interface ServingGateway {
  /** Where clients are answered. */
  readonly port: number
  /** Where they are answered by TLS. */
  readonly securePort: number | undefined
  routes(): readonly RouteStatus[]
  /** Drains, for as long as the configuration says, and ends. @param delayMs unready, but still accepting */
  stop(delayMs: number): Promise<void>
}

/** A gateway's own cluster alone. */
export function soleCluster(name: string): readonly ClusterShare[] {
  return [{ name, weight: 1, within: undefined }]
}

/**
 * A gateway in this process: the console at once, clients once there is a table to route by.
 * Resolves when clients are listened for; `undefined` when stopped before.
 */
export async function serveGateway(
  config: ServeConfig,
  parts: ServeParts,
): Promise<ServingGateway | undefined> {
  const { readerOf, telemetry, stopped, onTable } = parts
  countOutsideWithHeap()
  const letYoungSpaceGrow = holdYoungSpace()
  const following = new AbortController()
  const loaded = Promise.withResolvers<void>()
  const resolve = nameServer(config.nameServer)
  const isNode = (address: string): boolean => clusters.isNode(address)
  const names = new ExternalNames({
    clock: systemClock,
    resolve,
    reach: {
      allowedCidrs: config.externalCidrs,
      deniedCidrs: config.deniedExternalCidrs,
      isNode,
    },
    onTrouble: say,
  })
  const open = parts.openerOf(config.clusters.map(({ name }) => name))
  const { tokens, access } = createAccess(config, { open, resolve, isNode })
  const connector = new TlsConnector({ clock: systemClock, onTrouble: say })
  const identities = createIdentityBook(connector, open)
  const { connect: connectTls } = connector
  const pool = endpointPool({ ...config, clock: systemClock, timers: systemTimers, connectTls })
  const clusters = new Clusters({
    shares: config.clusters,
    own: config.cluster,
    place: config,
    maxStaleMs: config.maxStaleMs,
    names,
    tokens,
    identities,
    access,
    readerOf,
    isSigned: parts.isSigned,
    sharingOf: parts.sharingOf,
    copyOf: (cluster) => openDiskCopy(config.stateDir, cluster, telemetry, parts),
    newsOf: ({ label }) => observeTables({ ...telemetry, clock: systemClock, cluster: label }),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    digest: nodeDigest,
    onTrouble: say,
    onTable: () => {
      if (clusters.isLoaded) loaded.resolve()
      pool.retire(() => clusters.tlsIds())
      tls?.onTable()
      onTable(clusters)
    },
  })
  const { observer } = telemetry
  const tls = openTls(config, clusters, open, parts.tickets)
  const road = { ...config, httpsPort: config.httpsListen?.port }
  const listener = new Listener({
    clusters: clusters.served,
    pool,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    names,
    tokens,
    identities,
    access,
    observer,
    road,
    tls,
    proxyProtocol: config.proxyProtocol,
    connections: config,
    minBodyRate: config.minBodyRate,
    onTrouble: say,
  })
  observeConnections(telemetry.meter, () => listener.connections)
  observeHandshakes(telemetry.meter, () => listener.handshakes)
  observeCertificates(telemetry.meter, () =>
    clusters.served.map(({ name, table }) => {
      const loaded = table()
      return { cluster: name, terms: loaded === undefined ? [] : certificateTerms(loaded) }
    }),
  )
  let phase: 'starting' | 'listening' | 'draining' = 'starting'
  const view = gatewayView({
    clusters,
    names,
    tokens,
    access,
    identities,
    telemetry,
    road,
    phase: () => phase,
  })
  const operator = await parts.openConsole(createConsole(view))
  const done = clusters.run(following.signal)
  const end = async (): Promise<void> => {
    following.abort()
    pool.close()
    tls?.close()
    await Promise.all([done, operator.close()])
  }
  if ((await Promise.race([loaded.promise, stopped.then(() => 'stopped')])) === 'stopped') {
    await end()
    return undefined
  }
  letYoungSpaceGrow()
  const port = await listener.listen(parts.listenAt)
  const secureAt = parts.listenSecurelyAt ?? config.httpsListen
  const securePort = tls && secureAt && (await listener.listenSecurely(secureAt))
  phase = 'listening'
  return {
    port,
    securePort,
    routes: () => clusters.routes(),
    stop: async (delayMs) => {
      phase = 'draining'
      listener.startDraining()
      await new Promise((resolve) => systemTimers.start(delayMs, () => resolve(undefined)))
      await listener.close(config.drainTimeoutMs)
      await end()
    },
  }
}
