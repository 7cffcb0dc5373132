import type { GatewayConfig } from '../../src/cli/config.ts'
import { createConsole } from '../../src/console/app.ts'
import { UndiciDialer } from '../../src/forward/undici-dialer.node.ts'
import { explainInTime } from '../../src/gateway/explain/explain.ts'
import type { Question } from '../../src/gateway/explain/request.ts'
import { ExternalNames } from '../../src/gateway/external-names.ts'
import { Gateway } from '../../src/gateway/gateway.ts'
import { Listener } from '../../src/gateway/listener.node.ts'
import { nameServer } from '../../src/gateway/name-server.node.ts'
import { GatewayState } from '../../src/gateway/state.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
import { observeTables } from '../../src/telemetry/sync-observer.ts'
import { announceReady } from './announce.ts'
import { serveConsole } from './console.ts'
import { say } from './say.ts'
import type { Telemetry } from './telemetry.ts'

type ServeConfig = Omit<GatewayConfig, 'command' | 'registry'>

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
  const gateway = new Gateway({
    reader,
    place: config,
    timers: systemTimers,
    random: systemRandom,
    digest: nodeDigest,
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
  const listener = new Listener({
    ...parts,
    table: () => gateway.table,
    names,
    observer,
    road: config,
    onTrouble: say,
  })
  let isListening = false
  let isDraining = false
  const view = {
    isReady: () => isListening && !isDraining,
    notReadyReason: () => {
      if (isDraining) return 'draining'
      return gateway.table === undefined ? 'no table has been loaded yet' : 'clients are not listened for yet'
    },
    metrics: () => telemetry.prometheus(),
    routes: () => gateway.routes(),
    problems: () => gateway.problems(),
    explain: (question: Question) => {
      const { table } = gateway
      return table && explainInTime(question, { table, road: config, balance: state, state: names })
    },
  }
  const operator = await serveConsole(createConsole(view), config.console)
  const done = gateway.run(following.signal)
  const end = async (): Promise<void> => {
    following.abort()
    await Promise.all([done, operator.close(), dialer.close()])
  }
  if ((await Promise.race([loaded.promise, stopped.then(() => 'stopped')])) === 'stopped') {
    await end()
    return undefined
  }
  const port = await listener.listen(config.listen.host, config.listen.port)
  isListening = true
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
      isDraining = true
      listener.startDraining()
      await new Promise((resolve) => systemTimers.start(config.drainDelayMs, () => resolve(undefined)))
      await listener.close(config.drainTimeoutMs)
      await end()
    },
  }
}
