import { type Head, unsignedHead } from '../../src/registry/head.ts'
import type { StoredChange } from '../../src/registry/port.ts'

export const cluster = 'test'
export const frozenClock = { now: () => 1_000_000, elapsed: () => 0 }

export function headAt(epoch: number, revision: number): Head {
  return unsignedHead({
    schema: 1,
    cluster,
    position: { epoch, revision },
    observedAt: epoch * 1000 + revision,
    root: 'aa',
  })
}

export function route(key: string, text: string | null): StoredChange {
  return { kind: 'route', key, text }
}

/** A registry keeps its records in no order. */
export function sortedByKey<T extends StoredChange>(records: readonly T[]): T[] {
  return [...records].sort((a, b) => (a.key < b.key ? -1 : 1))
}
