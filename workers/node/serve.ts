import type { GatewayConfig } from '../../src/cli/config.ts'
import { createConsole } from '../../src/console/app.ts'
import { UndiciDialer } from '../../src/forward/undici-dialer.node.ts'
import { ExternalNames } from '../../src/gateway/external-names.ts'
import { Freshness } from '../../src/gateway/freshness.ts'
import { watchFreshness } from '../../src/gateway/freshness-watch.ts'
import { Gateway } from '../../src/gateway/gateway.ts'
import { Listener } from '../../src/gateway/listener.node.ts'
import { nameServer } from '../../src/gateway/name-server.node.ts'
import { roadState } from '../../src/gateway/road-state.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
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
  readonly gateway: Gateway
  /** Drains as the configuration says, and ends. */
  stop(): Promise<void>
}

/**
 * A gateway in this process: the console at once, clients once there is a table to route by.
 * Resolves when clients are listened for; `undefined` when stopped before.
 */
export async function serveGateway(
  config: ServeConfig,
  reader: RegistryReader,
  telemetry: Telemetry,
  stopped: Promise<void>,
  onTable: (gateway: Gateway) => void,
): Promise<ServingGateway | undefined> {
  const following = new AbortController()
  const loaded = Promise.withResolvers<void>()
  const freshness = new Freshness(systemClock, config.maxStaleMs)
  const disk = openDiskCopy(config.stateDir, config, freshness, telemetry)
  const gateway = new Gateway({
    reader,
    place: config,
    timers: systemTimers,
    random: systemRandom,
    digest: nodeDigest,
    freshness,
    keeper: disk,
    onTrouble: say,
    onNews: observeTables({ ...telemetry, clock: systemClock }),
    onTable: () => {
      loaded.resolve()
      onTable(gateway)
    },
  })
  const dialer = new UndiciDialer(config)
  const state = new GatewayState(systemClock)
  const parts = { dialer, state, timers: systemTimers, random: systemRandom }
  const names = new ExternalNames({
    clock: systemClock,
    resolve: nameServer(config.nameServer),
    reach: {
      allowedCidrs: config.externalCidrs,
      deniedCidrs: config.deniedExternalCidrs,
      isNode: (address) => gateway.table?.isNode(address) ?? false,
    },
    onTrouble: say,
  })
  const { observer } = telemetry
  const present = roadState(names, freshness)
  const listener = new Listener({
    ...parts,
    table: () => gateway.table,
    present,
    observer,
    road: config,
    onTrouble: say,
  })
  let phase: 'starting' | 'listening' | 'draining' = 'starting'
  const view = gatewayView({
    ...{ gateway, freshness, disk, present, telemetry },
    road: config,
    balance: state,
    phase: () => phase,
  })
  const operator = await serveConsole(createConsole(view), config.console)
  // Nothing here may hold what is on disk: it is let go once it is not needed.
  const done = Promise.resolve(disk?.read()).then((stored) => gateway.run(following.signal, stored))
  const watch = watchFreshness(freshness, systemTimers, say)
  const end = async (): Promise<void> => {
    following.abort()
    watch.stop()
    await Promise.all([done, operator.close(), dialer.close()])
    await disk?.close()
  }
  if ((await Promise.race([loaded.promise, stopped.then(() => 'stopped')])) === 'stopped') {
    await end()
    return undefined
  }
  const port = await listener.listen(config.listen.host, config.listen.port)
  phase = 'listening'
  announceReady({
    gateway,
    port,
    host: config.listen.host,
    consoleHost: config.console.host,
    consolePort: operator.port,
  })
  return {
    gateway,
    stop: async () => {
      phase = 'draining'
      listener.startDraining()
      await new Promise((resolve) => systemTimers.start(config.drainDelayMs, () => resolve(undefined)))
      await listener.close(config.drainTimeoutMs)
      await end()
    },
  }
}
