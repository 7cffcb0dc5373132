import type { GatewayConfig } from '../../src/cli/config.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { openRegistry } from './open-registry.ts'
import { serveGateway } from './serve.ts'
import { untilStopped } from './signals.ts'
import { startTelemetry } from './telemetry.ts'
import { VERSION } from './version.ts'

/** A gateway: a registry in, clients answered. @returns the exit code. */
export async function runGateway(config: GatewayConfig): Promise<number> {
  const stopped = untilStopped()
  const registry = openRegistry(config.registry, config.cluster)
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern',
    version: VERSION,
    clock: systemClock,
  })
  const serving = await serveGateway(config, registry.reader, telemetry, stopped, () => {})
  await stopped
  await serving?.stop()
  await registry.close()
  await telemetry.shutdown()
  return 0
}
