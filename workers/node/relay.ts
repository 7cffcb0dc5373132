import type { RelayConfig } from '../../src/cli/config.ts'
import { createHealth } from '../../src/console/app.ts'
import { systemClock, systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
import { type RelayServer, startRelayServer } from '../../src/relay/server.node.ts'
import { observeRelay } from '../../src/telemetry/relay-instruments.ts'
import { serveConsole } from './console.ts'
import { openRegistry } from './open-registry.ts'
import { openRelayTrust } from './open-trust.ts'
import { say } from './say.ts'
import { readTokens } from './secrets.ts'
import { untilStopped } from './signals.ts'
import { startTelemetry, type Telemetry } from './telemetry.ts'
import { VERSION } from './version.ts'

type ServeRelayConfig = Pick<RelayConfig, 'listen' | 'tokens'>

/** The registry over HTTP, to gateways and other relays. @returns the exit code. */
export async function runRelay(config: RelayConfig): Promise<number> {
  const stopped = untilStopped()
  const registry = openRegistry(config.registry, config.cluster, openRelayTrust(config.trustedKeys))
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern-relay',
    version: VERSION,
    clock: systemClock,
    traceRatio: 0,
    accessLog: 'off',
  })
  const relay = await serveRelay(config, registry.reader, telemetry)
  const view = {
    isReady: () => relay.mirror.log !== undefined,
    notReadyReason: () => 'the registry has not been read yet',
    metrics: () => telemetry.prometheus(),
  }
  const operator = await serveConsole(createHealth(view, 'postern relay'), config.console)
  const consoleUrl = `http://${config.console.host}:${operator.port}`
  console.error(
    `postern: relay of cluster ${config.cluster} on http://${config.listen.host}:${relay.port}, health on ${consoleUrl}`,
  )
  await stopped
  await Promise.all([relay.close(), operator.close()])
  await registry.close()
  await telemetry.shutdown()
  return 0
}

/** Serves what a reader reads; also from the agent's process. */
export async function serveRelay(
  { listen, tokens }: ServeRelayConfig,
  reader: RegistryReader,
  telemetry: Telemetry,
): Promise<RelayServer> {
  const observedAt = (): number | undefined => relay?.mirror.holding?.head.observedAt
  let relay: RelayServer | undefined
  relay = await startRelayServer({
    ...listen,
    reader,
    tokens: readTokens(tokens),
    timers: systemTimers,
    random: systemRandom,
    observer: observeRelay(telemetry.meter, observedAt, systemClock),
    onTrouble: say,
  })
  return relay
}
