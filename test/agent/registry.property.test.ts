import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Agent } from '../../src/agent/agent.ts'
import { Compilation, type ObjectChange } from '../../src/compile/compilation.ts'
import { encodeCanonical } from '../../src/model/canonical.ts'
import { type KubeObject, keyOf } from '../../src/model/objects/object.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { RegistryError, type RegistryWriter } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { frozenClock } from '../contract/registry-samples.ts'
import { change, linked } from '../support/cluster-objects.ts'
import { compileOptions } from '../support/compile.ts'

/** What becomes of one publish. */
const fates = [
  'written',
  'written',
  'written',
  'not written',
  'written, and nobody knows',
  'wiped before',
] as const
const MAX_FATES = 30
const fate = fc.constantFrom(...fates)

/** A registry of which each publish has another fate. */
function unreliable(registry: MemoryRegistry, next: () => (typeof fates)[number]): RegistryWriter {
  return {
    publish: async (publish) => {
      const own = next()
      if (own === 'not written') throw new RegistryError('unreachable', 'no connection')
      if (own === 'wiped before') registry.wipe()
      const result = await registry.publish(publish)
      if (own === 'written, and nobody knows') throw new RegistryError('unreachable', 'Command timed out')
      return result
    },
  }
}

const put = (object: KubeObject): ObjectChange => ({ type: 'put', object })
const batches = fc.oneof(
  fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 10 }),
  fc
    .tuple(linked, fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 5 }))
    .map(([objects, later]) => [objects.map(put), ...later]),
)

test('whatever happens in a cluster and to publishes, the registry comes to hold what a compile from scratch gives', async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.array(fate, { maxLength: MAX_FATES }), async (steps, fatesToCome) => {
      const registry = new MemoryRegistry()
      const coming = [...fatesToCome]
      const writer = unreliable(registry, () => coming.shift() ?? 'written')
      const publisher = new Publisher({ writer, cluster: 'test', clock: frozenClock })
      const agent = new Agent({ compile: compileOptions, publisher, secrets: 'open' })
      const held = new Map<string, KubeObject>()
      for (const step of steps) {
        for (const each of step) {
          if (each.type === 'put') held.set(keyOf(each.object), each.object)
          else if (each.type === 'delete') held.delete(each.key)
        }
        await agent.apply(step, 1).catch(() => 0)
      }
      // The agent's own loop: a heartbeat every few seconds.
      for (let i = 0; i <= MAX_FATES; i++) await publisher.heartbeat(2).catch(() => undefined)
      await publisher.heartbeat(3)
      const { records } = await registry.load(new AbortController().signal)
      expect(records.map(({ kind, key, text }) => `${kind} ${key} ${text}`).sort()).toEqual(fromScratch(held))
    }),
    { numRuns: 500 },
  )
})

function fromScratch(objects: ReadonlyMap<string, KubeObject>): string[] {
  return new Compilation(compileOptions)
    .apply([...objects.values()].map(put))
    .flatMap(({ kind, key, value }) => (value === null ? [] : `${kind} ${key} ${encodeCanonical(value)}`))
    .sort()
}
