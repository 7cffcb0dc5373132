import { expect, test } from 'vitest'
import { origin } from '../../src/model/position.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { registryContract } from '../contract/registry.ts'
import { headAt } from '../contract/registry-samples.ts'

registryContract('memory', async () => {
  const registry = new MemoryRegistry()
  return { reader: registry, writer: registry, wipe: async () => registry.wipe(), close: async () => {} }
})

test('an entry that was trimmed is a gap, and the ones still held are not', async () => {
  const registry = new MemoryRegistry({ maxEntries: 2 })
  const heads = [headAt(1, 1), headAt(1, 2), headAt(1, 3)]
  let expected: (typeof heads)[number]['position'] | undefined
  for (const head of heads) {
    await registry.publish({ expected, head, changes: [], isWhole: false })
    expected = head.position
  }
  const firstAfter = async (position: typeof origin) => {
    for await (const entry of registry.entries(position, new AbortController().signal)) return entry
  }
  expect(await firstAfter(origin)).toBe('gap')
  expect(await firstAfter(headAt(1, 1).position)).toMatchObject({ head: headAt(1, 2) })
})
