import type { GatewayConfig } from '../../src/cli/config.ts'
import { systemClock, systemRandom } from '../../src/model/clock.node.ts'
import { RedisRegistry } from '../../src/registry/redis/redis-registry.node.ts'
import { serveGateway } from './serve.ts'
import { untilStopped } from './signals.ts'
import { startTelemetry } from './telemetry.ts'
import { VERSION } from './version.ts'

/** A gateway: Redis in, clients answered. @returns the exit code. */
export async function runGateway(config: GatewayConfig): Promise<number> {
  const stopped = untilStopped()
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern',
    version: VERSION,
    clock: systemClock,
  })
  const registry = new RedisRegistry({
    url: config.redis,
    cluster: config.cluster,
    random: systemRandom,
  })
  const serving = await serveGateway(config, registry, telemetry, stopped, () => {})
  await stopped
  await serving?.stop()
  await registry.close()
  await telemetry.shutdown()
  return 0
}
