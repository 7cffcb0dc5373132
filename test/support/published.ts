import { systemClock } from '../../src/model/clock.node.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import type { StoredChange, StoredRecord } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { recordsOf } from './gateway.ts'
import { signer } from './keys.ts'
import { startRelay, type TestRelay, untilAt } from './relay.ts'

export const CLUSTER = 'test'

export interface Published {
  readonly relay: TestRelay
  /** Replaces everything by what a manifest compiles to, perhaps altered; resolves once the relay has it. */
  publish(yaml: string, alter?: (record: StoredRecord) => StoredRecord): Promise<void>
  close(): Promise<void>
}

/** A manifest in a registry, behind a real relay. */
export async function publishBehindRelay(yaml: string): Promise<Published> {
  const registry = new MemoryRegistry()
  const publisher = new Publisher({ writer: registry, cluster: CLUSTER, clock: systemClock, heads: signer })
  let held = new Map<string, StoredChange>()
  const relay = await startRelay(registry)
  const publish: Published['publish'] = async (next, alter = (record) => record) => {
    const altered = recordsOf(next).map(alter)
    const records = new Map(altered.map((record) => [`${record.kind} ${record.key}`, record]))
    const gone = [...held].filter(([id]) => !records.has(id)).map(([, record]) => ({ ...record, text: null }))
    held = records
    await publisher.publish([...gone, ...records.values()], systemClock.now())
    const { after } = await registry.load(new AbortController().signal)
    if (after !== undefined) await untilAt(relay.mirror, after.position)
  }
  await publish(yaml)
  return { relay, publish, close: () => relay.close() }
}
