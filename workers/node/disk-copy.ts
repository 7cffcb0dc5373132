import type { GatewayConfig } from '../../src/cli/config.ts'
import { DiskCopy } from '../../src/gateway/disk/disk-copy.node.ts'
import { machineUptime } from '../../src/gateway/disk/uptime.node.ts'
import type { Freshness } from '../../src/gateway/freshness.ts'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import { observeDiskWrites } from '../../src/telemetry/gateway-instruments.ts'
import { say } from './say.ts'
import type { Telemetry } from './telemetry.ts'

/** The copy on disk, where one is to be kept. */
export function openDiskCopy(
  folder: string | undefined,
  { cluster }: Pick<GatewayConfig, 'cluster'>,
  freshness: Freshness,
  { meter }: Telemetry,
): DiskCopy | undefined {
  if (folder === undefined) return undefined
  return new DiskCopy({
    folder,
    cluster,
    clock: systemClock,
    timers: systemTimers,
    uptime: machineUptime,
    ageMs: () => freshness.ageMs ?? 0,
    onTrouble: say,
    onWritten: observeDiskWrites(meter),
  })
}
