import type { GatewayConfig } from '../../src/cli/config.ts'
import { createConsole } from '../../src/console/app.ts'
import { endpointPool } from '../../src/forward/endpoint-pool.node.ts'
import { Clusters } from '../../src/gateway/clusters.ts'
import { ExternalNames } from '../../src/gateway/external-names.ts'
import { Listener } from '../../src/gateway/listener.node.ts'
import { nameServer } from '../../src/gateway/name-server.node.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
import { observeConnections } from '../../src/telemetry/gateway-instruments.ts'
import { observeTables } from '../../src/telemetry/sync-observer.ts'
import { announceReady } from './announce.ts'
import { serveConsole } from './console.ts'
import { openDiskCopy } from './disk-copy.ts'
import { gatewayView } from './gateway-view.ts'
import { say } from './say.ts'
import type { Telemetry } from './telemetry.ts'

type ServeConfig = Omit<GatewayConfig, 'command' | 'registry' | 'stateDir'> & {
  readonly stateDir?: string | undefined
}

export interface ServingGateway {
  /** Drains as the configuration says, and ends. */
  stop(): Promise<void>
}

/**
 * A gateway in this process: the console at once, clients once there is a table to route by.
 * Resolves when clients are listened for; `undefined` when stopped before.
 */
export async function serveGateway(
  config: ServeConfig,
  readerOf: (cluster: string) => RegistryReader,
  telemetry: Telemetry,
  stopped: Promise<void>,
  onTable: (clusters: Clusters) => void,
): Promise<ServingGateway | undefined> {
  const following = new AbortController()
  const loaded = Promise.withResolvers<void>()
  const names = new ExternalNames({
    clock: systemClock,
    resolve: nameServer(config.nameServer),
    reach: {
      allowedCidrs: config.externalCidrs,
      deniedCidrs: config.deniedExternalCidrs,
      isNode: (address) => clusters.isNode(address),
    },
    onTrouble: say,
  })
  const clusters = new Clusters({
    shares: config.clusters,
    own: config.cluster,
    place: config,
    maxStaleMs: config.maxStaleMs,
    names,
    readerOf,
    copyOf: (cluster) => openDiskCopy(config.stateDir, cluster, telemetry),
    newsOf: ({ label }) => observeTables({ ...telemetry, clock: systemClock, cluster: label }),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    digest: nodeDigest,
    onTrouble: say,
    onTable: () => {
      if (clusters.isLoaded) loaded.resolve()
      onTable(clusters)
    },
  })
  const pool = endpointPool({ ...config, clock: systemClock, timers: systemTimers })
  const { observer } = telemetry
  const listener = new Listener({
    clusters: clusters.served,
    pool,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    names,
    observer,
    road: config,
    proxyProtocol: config.proxyProtocol,
    connections: config,
    onTrouble: say,
  })
  observeConnections(telemetry.meter, () => listener.connections)
  let phase: 'starting' | 'listening' | 'draining' = 'starting'
  const view = gatewayView({ clusters, names, telemetry, road: config, phase: () => phase })
  const operator = await serveConsole(createConsole(view), config.console)
  const done = clusters.run(following.signal)
  const end = async (): Promise<void> => {
    following.abort()
    pool.close()
    await Promise.all([done, operator.close()])
  }
  if ((await Promise.race([loaded.promise, stopped.then(() => 'stopped')])) === 'stopped') {
    await end()
    return undefined
  }
  const port = await listener.listen(config.listen.host, config.listen.port)
  phase = 'listening'
  announceReady({
    routes: clusters.routes(),
    port,
    host: config.listen.host,
    consoleHost: config.console.host,
    consolePort: operator.port,
  })
  return {
    stop: async () => {
      phase = 'draining'
      listener.startDraining()
      await new Promise((resolve) => systemTimers.start(config.drainDelayMs, () => resolve(undefined)))
      await listener.close(config.drainTimeoutMs)
      await end()
    },
  }
}
