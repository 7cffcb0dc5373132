import { expect, test } from 'vitest'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { type Publish, RegistryError, type RegistryWriter } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { cluster, frozenClock, headAt, route } from '../contract/registry-samples.ts'

const load = (registry: MemoryRegistry) => registry.load(new AbortController().signal)

function recorded(registry: MemoryRegistry, intercept: (publish: Publish) => void = () => {}) {
  const sent: Publish[] = []
  const writer: RegistryWriter = {
    async publish(publish) {
      sent.push(publish)
      intercept(publish)
      return registry.publish(publish)
    },
  }
  return { sent, publisher: new Publisher({ writer, cluster, clock: frozenClock }) }
}

test('a resync that changes nothing writes nothing', async () => {
  const { sent, publisher } = recorded(new MemoryRegistry())
  expect(await publisher.publish([route('a', '1'), route('b', '2')], 1)).toBe(2)
  expect(await publisher.publish([route('a', '1'), route('b', '2'), route('c', null)], 2)).toBe(0)
  expect(await publisher.publish([route('a', '1'), route('b', '3')], 3)).toBe(1)
  expect(sent.map((each) => each.changes.length)).toEqual([2, 1])
})

test('an empty cluster is published too', async () => {
  const registry = new MemoryRegistry()
  expect(await recorded(registry).publisher.publish([], 1)).toBe(0)
  expect(await load(registry)).toMatchObject({ records: [], after: { position: { epoch: 1, revision: 1 } } })
})

test('a first publish that failed counts as published once a heartbeat has written it', async () => {
  let isFailing = true
  const { publisher } = recorded(new MemoryRegistry(), () => {
    if (isFailing) throw new RegistryError('unreachable', 'timed out')
  })
  await expect(publisher.publish([route('a', '1')], 1)).rejects.toThrow('timed out')
  await expect(publisher.heartbeat(2)).rejects.toThrow('timed out')
  expect(publisher.hasPublished).toBe(false)
  isFailing = false
  await publisher.heartbeat(3)
  expect(publisher.hasPublished).toBe(true)
})

test('a heartbeat before the first publish writes nothing', async () => {
  const { sent, publisher } = recorded(new MemoryRegistry())
  await publisher.heartbeat(1)
  expect(sent).toEqual([])
})

test('a new publisher takes an epoch above the one it finds, and removes what it does not know', async () => {
  const registry = new MemoryRegistry()
  const old = { expected: undefined, head: headAt(7, 3), changes: [route('gone', '1')], isWhole: false }
  await registry.publish(old)
  await recorded(registry).publisher.publish([route('a', '1')], 1)
  expect(await load(registry)).toMatchObject({
    records: [route('a', '1')],
    after: { position: { epoch: 8, revision: 1 } },
  })
})

test.each([true, false])(
  'a publish that failed is repaired by the next heartbeat (was it written: %s)',
  async (wasWritten) => {
    const registry = new MemoryRegistry()
    let isFailing = false
    const { publisher } = recorded(registry, (publish) => {
      if (!isFailing) return
      if (wasWritten) registry.publish(publish)
      throw new RegistryError('unreachable', 'timed out')
    })
    await publisher.publish([route('a', '1')], 1)
    isFailing = true
    await expect(publisher.publish([route('a', '2')], 2)).rejects.toThrow('timed out')
    isFailing = false
    await publisher.heartbeat(3)
    expect((await load(registry)).records).toEqual([route('a', '2')])
  },
)

test('calls made together are written one after another', async () => {
  const registry = new MemoryRegistry()
  const { publisher } = recorded(registry)
  await Promise.all([
    publisher.publish([route('a', '1')], 1),
    publisher.publish([route('b', '2')], 2),
    publisher.heartbeat(3),
  ])
  expect(await load(registry)).toMatchObject({
    records: [route('a', '1'), route('b', '2')],
    after: { position: { epoch: 1, revision: 3 }, observedAt: 3 },
  })
})

test('a publish that is refused again and again ends in an error', async () => {
  const writer: RegistryWriter = { publish: async ({ head }) => ({ ok: false, current: head.position }) }
  const publisher = new Publisher({ writer, cluster, clock: frozenClock })
  await expect(publisher.publish([], 1)).rejects.toThrow('Cannot publish cluster "test": refused 5 times')
})

test('an observation is never dated in the future', async () => {
  const registry = new MemoryRegistry()
  await recorded(registry).publisher.publish([], 2_000_000)
  expect((await load(registry)).after?.observedAt).toBe(1_000_000)
})
