import type { GatewayConfig } from '../../src/cli/config.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { openLimits } from './open-limits.ts'
import { openReaders } from './open-registry.ts'
import { openOpeners } from './open-sealing.ts'
import { openTrust } from './open-trust.ts'
import { serveAlone } from './serve-alone.ts'
import { countWorkers, serveGroup } from './serve-group.ts'
import type { ServeParts } from './serve-parts.ts'
import { untilStopped } from './signals.ts'
import { startTelemetry, type Telemetry } from './telemetry.ts'
import { VERSION } from './version.ts'

/** A gateway: a registry in, clients answered. @returns the exit code. */
export async function runGateway(config: GatewayConfig): Promise<number> {
  const stopped = untilStopped()
  const count = countWorkers(config.workers)
  // Also for workers, who read them again: what is wrong with them is said before anything is started.
  const keys = { trust: openTrust(config.trust), openerOf: await openOpeners(config.sealingKeys) }
  const telemetry = startTelemetry({
    ...config,
    serviceName: 'postern',
    version: VERSION,
    clock: systemClock,
    // Workers write their own.
    ...(count > 1 && { accessLog: 'off' }),
  })
  if (count > 1) {
    const serving = await serveGroup(config, { count, telemetry, stopped })
    await stopped
    await serving?.stop()
  } else await runAlone(config, keys, telemetry, stopped)
  await telemetry.shutdown()
  return 0
}

async function runAlone(
  config: GatewayConfig,
  keys: Pick<ServeParts, 'trust' | 'openerOf'>,
  telemetry: Telemetry,
  stopped: Promise<void>,
): Promise<void> {
  const { readerOf, close } = openReaders(config.registry, keys.trust)
  const { sharingOf, close: closeLimits } = openLimits(config)
  const serving = await serveAlone(config, {
    readerOf,
    ...keys,
    isSigned: config.trust.type === 'keys',
    telemetry,
    stopped,
    sharingOf,
    onTable: () => {},
  })
  await stopped
  await serving?.stop()
  closeLimits()
  await close()
}
