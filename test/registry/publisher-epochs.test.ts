import { expect, test } from 'vitest'
import type { Epochs } from '../../src/registry/epochs.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { cluster, frozenClock, route } from '../contract/registry-samples.ts'

const load = (registry: MemoryRegistry) => registry.load(new AbortController().signal)

/** A range of epochs, as a Lease gives them. */
function epochsAbove(from: number) {
  let next = from
  const epochs: Epochs & { isLeading: boolean; asked: number[] } = {
    isLeading: true,
    asked: [],
    holds: (epoch) => epochs.isLeading && epoch > from,
    take: async (above) => {
      epochs.asked.push(above)
      if (!epochs.isLeading) return undefined
      next = Math.max(next, above) + 1
      return next
    },
  }
  return epochs
}

test('who does not lead writes nothing, and everything once it does', async () => {
  const registry = new MemoryRegistry()
  const epochs = epochsAbove(100)
  const publisher = new Publisher({ writer: registry, cluster, clock: frozenClock, epochs })
  epochs.isLeading = false
  expect(await publisher.publish([route('a', '1'), route('b', '1')], 1)).toBe(0)
  expect(await publisher.publish([route('b', '2')], 2)).toBe(0)
  await publisher.heartbeat(3)
  expect(publisher.hasPublished).toBe(false)
  expect(await load(registry)).toMatchObject({ records: [], after: undefined })
  epochs.isLeading = true
  await publisher.heartbeat(4)
  expect(await load(registry)).toMatchObject({
    records: [route('a', '1'), route('b', '2')],
    after: { position: { epoch: 101, revision: 1 }, observedAt: 4 },
  })
})

test('an epoch that is not ours any more is not gone on with: everything is written in a new one', async () => {
  const registry = new MemoryRegistry()
  const [first, second] = [epochsAbove(0), epochsAbove(100)]
  const of = (epochs: Epochs) => new Publisher({ writer: registry, cluster, clock: frozenClock, epochs })
  const publisher = of(first)
  await publisher.publish([route('a', '1'), route('b', '1')], 1)
  first.isLeading = false
  await publisher.publish([route('a', '2')], 2)
  await of(second).publish([route('a', '3'), route('c', '3')], 3)
  Object.assign(first, epochsAbove(200))
  await publisher.heartbeat(4)
  expect(await load(registry)).toMatchObject({
    records: [route('a', '2'), route('b', '1')],
    after: { position: { epoch: 202, revision: 1 } },
  })
})

test('a leader that was deposed unheard is refused by the registry, asks, and writes no more', async () => {
  const registry = new MemoryRegistry()
  const [deposed, next] = [epochsAbove(0), epochsAbove(100)]
  const of = (epochs: Epochs) => new Publisher({ writer: registry, cluster, clock: frozenClock, epochs })
  const publisher = of(deposed)
  await publisher.publish([route('a', '1')], 1)
  await of(next).publish([route('a', '2')], 2)
  // It believes that it leads until the Lease is asked for another epoch.
  deposed.take = async (above) => {
    deposed.asked.push(above)
    deposed.isLeading = false
    return undefined
  }
  expect(await publisher.publish([route('a', '3')], 3)).toBe(0)
  expect(deposed.asked.at(-1)).toBe(102)
  expect(await load(registry)).toMatchObject({
    records: [route('a', '2')],
    after: { position: { epoch: 102, revision: 1 } },
  })
})

test('what another one wrote before our first write is overwritten, in a higher epoch', async () => {
  const registry = new MemoryRegistry()
  const of = (epochs: Epochs) => new Publisher({ writer: registry, cluster, clock: frozenClock, epochs })
  // Its Lease was deleted: ours began to count anew.
  await of(epochsAbove(500)).publish([route('old', '1')], 1)
  await of(epochsAbove(0)).publish([route('a', '1')], 2)
  expect(await load(registry)).toMatchObject({
    records: [route('a', '1')],
    after: { position: { epoch: 502, revision: 1 } },
  })
})

test('an epoch that cannot be had is an error, and what was to be written goes out later', async () => {
  const registry = new MemoryRegistry()
  const epochs = epochsAbove(0)
  const { take } = epochs
  epochs.take = async () => {
    throw new Error('Cannot reach the API server')
  }
  const publisher = new Publisher({ writer: registry, cluster, clock: frozenClock, epochs })
  await expect(publisher.publish([route('a', '1')], 1)).rejects.toThrow('Cannot reach the API server')
  epochs.take = take
  await publisher.heartbeat(2)
  expect((await load(registry)).records).toEqual([route('a', '1')])
})
