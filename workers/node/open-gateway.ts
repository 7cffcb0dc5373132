import { endpointPool } from '../../src/forward/endpoint-pool.node.ts'
import type { AccessBook } from '../../src/gateway/access/access-book.ts'
import type { IdentityBook } from '../../src/gateway/backend-tls/identity-book.ts'
import { Clusters } from '../../src/gateway/clusters.ts'
import type { ExternalNames } from '../../src/gateway/external-names.ts'
import { Listener } from '../../src/gateway/listener.node.ts'
import { nameServer } from '../../src/gateway/name-server.node.ts'
import type { RoadOptions } from '../../src/gateway/road.ts'
import { certificateTerms } from '../../src/gateway/tls/certificate-status.ts'
import type { TokenBook } from '../../src/gateway/tokens/token-book.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { OpenSecret } from '../../src/model/secret-part.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import { observeConnections } from '../../src/telemetry/gateway-instruments.ts'
import { observeTables } from '../../src/telemetry/sync-observer.ts'
import { observeCertificates, observeHandshakes } from '../../src/telemetry/tls-instruments.ts'
import type { ClientPool } from '../../src/wire/client-pool.node.ts'
import { TlsConnector } from '../../src/wire/client-tls.node.ts'
import { openDiskCopy } from './disk-copy.ts'
import { createAccess } from './find-access.ts'
import { createIdentityBook } from './find-identities.ts'
import { createExternalNames } from './find-names.ts'
import { openTls } from './open-tls.ts'
import { say } from './say.ts'
import type { ServeConfig, ServeParts } from './serve-parts.ts'
import type { Telemetry } from './telemetry.ts'

/** What finds out what the road waits for, and remembers it. */
interface GatewayFinders {
  readonly names: ExternalNames
  readonly tokens: TokenBook
  readonly access: AccessBook
  readonly identities: IdentityBook
}

/** A gateway with all that it is made of; it neither follows nor listens yet. */
export interface OpenGateway {
  readonly clusters: Clusters
  readonly listener: Listener
  readonly finders: GatewayFinders
  readonly road: RoadOptions
  /** Clients may be listened for by TLS. */
  readonly speaksTls: boolean
  /** Resolves once there is a table to route by. */
  readonly loaded: Promise<void>
  close(): void
}

/** Joins the parts of a gateway. @throws Error when a file cannot be read, or does not hold what it should */
export function openGateway(config: ServeConfig, parts: ServeParts): OpenGateway {
  const open = parts.openerOf(config.clusters.map(({ name }) => name))
  const { finders, pool } = openFinders(config, open, (address) => clusters.isNode(address))
  const loaded = Promise.withResolvers<void>()
  const clusters = openClusters(config, parts, finders, () => {
    if (clusters.isLoaded) loaded.resolve()
    pool.retire(() => clusters.tlsIds())
    tls?.onTable()
    parts.onTable(clusters)
  })
  const tls = openTls(config, clusters, open, parts.tickets)
  const road = { ...config, httpsPort: config.httpsListen?.port }
  const listener = new Listener({
    clusters: clusters.served,
    pool,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    ...finders,
    observer: parts.telemetry.observer,
    road,
    tls,
    proxyProtocol: config.proxyProtocol,
    connections: config,
    minBodyRate: config.minBodyRate,
    onTrouble: say,
  })
  observe(parts.telemetry, listener, clusters)
  const close = (): void => {
    pool.close()
    tls?.close()
  }
  const speaksTls = tls !== undefined
  return { clusters, listener, finders, road, speaksTls, loaded: loaded.promise, close }
}

/** With the pool, which speaks TLS with endpoints as the identities say. */
function openFinders(
  config: ServeConfig,
  open: OpenSecret,
  isNode: (address: string) => boolean,
): { readonly finders: GatewayFinders; readonly pool: ClientPool } {
  const resolve = nameServer(config.nameServer)
  const names = createExternalNames(config, resolve, isNode)
  const { tokens, access } = createAccess(config, { open, resolve, isNode })
  const connector = new TlsConnector({ clock: systemClock, onTrouble: say })
  const identities = createIdentityBook(connector, open)
  const { connect: connectTls } = connector
  const pool = endpointPool({ ...config, clock: systemClock, timers: systemTimers, connectTls })
  return { finders: { names, tokens, access, identities }, pool }
}

function openClusters(
  config: ServeConfig,
  parts: ServeParts,
  finders: GatewayFinders,
  onTable: () => void,
): Clusters {
  const { telemetry } = parts
  return new Clusters({
    shares: config.clusters,
    own: config.cluster,
    place: config,
    maxStaleMs: config.maxStaleMs,
    ...finders,
    readerOf: parts.readerOf,
    isSigned: parts.isSigned,
    sharingOf: parts.sharingOf,
    copyOf: (cluster) => openDiskCopy(config.stateDir, cluster, telemetry, parts),
    newsOf: ({ label }) => observeTables({ ...telemetry, clock: systemClock, cluster: label }),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    digest: nodeDigest,
    onTrouble: say,
    onTable,
  })
}

function observe({ meter }: Telemetry, listener: Listener, clusters: Clusters): void {
  observeConnections(meter, () => listener.connections)
  observeHandshakes(meter, () => listener.handshakes)
  observeCertificates(meter, () =>
    clusters.served.map(({ name, table }) => {
      const loaded = table()
      return { cluster: name, terms: loaded === undefined ? [] : certificateTerms(loaded) }
    }),
  )
}
