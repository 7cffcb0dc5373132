import type { GatewayConfig } from '../../src/cli/config.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import type { RegistryReader } from '../../src/registry/port.ts'
import { holdYoungSpace } from './heap.ts'
import { type OpenRegistry, openRegistry } from './open-registry.ts'
import { serveGateway } from './serve.ts'
import { untilStopped } from './signals.ts'
import { startTelemetry } from './telemetry.ts'
import { VERSION } from './version.ts'

/** A gateway: a registry in, clients answered. @returns the exit code. */
export async function runGateway(config: GatewayConfig): Promise<number> {
  const letYoungSpaceGrow = holdYoungSpace()
  const stopped = untilStopped()
  const registries: OpenRegistry[] = []
  const readerOf = (cluster: string): RegistryReader => {
    const registry = openRegistry(config.registry, cluster)
    registries.push(registry)
    return registry.reader
  }
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern',
    version: VERSION,
    clock: systemClock,
  })
  const serving = await serveGateway(config, readerOf, telemetry, stopped, letYoungSpaceGrow)
  await stopped
  await serving?.stop()
  await Promise.all(registries.map((registry) => registry.close()))
  await telemetry.shutdown()
  return 0
}
