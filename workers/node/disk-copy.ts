import type { ClusterFacts } from '../../src/gateway/cluster-member.ts'
import { DiskCopy } from '../../src/gateway/disk/disk-copy.node.ts'
import { machineUptime } from '../../src/gateway/disk/uptime.node.ts'
import { systemClock, systemTimers } from '../../src/model/clock.node.ts'
import { observeDiskWrites } from '../../src/telemetry/gateway-instruments.ts'
import type { ServeParts } from './serve-parts.ts'
import type { Telemetry } from './telemetry.ts'

/** The copy of a cluster on disk, where one is to be kept. */
export function openDiskCopy(
  folder: string | undefined,
  { name, label, freshness, onTrouble }: ClusterFacts,
  { meter }: Telemetry,
  { trust, isDiskReadOnly }: Pick<ServeParts, 'trust' | 'isDiskReadOnly'>,
): DiskCopy | undefined {
  if (folder === undefined) return undefined
  return new DiskCopy({
    folder,
    cluster: name,
    heads: trust(name),
    isReadOnly: isDiskReadOnly,
    clock: systemClock,
    timers: systemTimers,
    uptime: machineUptime,
    ageMs: () => freshness.ageMs ?? 0,
    onTrouble,
    onWritten: observeDiskWrites(meter, label),
  })
}
