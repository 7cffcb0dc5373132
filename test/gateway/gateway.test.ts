import { afterEach, expect, test } from 'vitest'
import { nowhere } from '../../src/balance/place.ts'
import { Freshness } from '../../src/gateway/freshness.ts'
import { Gateway, type Stored } from '../../src/gateway/gateway.ts'
import { systemRandom, systemTimers } from '../../src/model/clock.node.ts'
import type { Timers } from '../../src/model/clock.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { type Load, RegistryError, type RegistryReader } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { waitFor } from '../cluster/wait-for.ts'
import { cluster, frozenClock, headAt } from '../contract/registry-samples.ts'
import { rootOf } from '../contract/rooted-writer.ts'
import { hurried } from '../support/gateway.ts'
import { altered } from '../support/keys.ts'
import { routeRecord } from '../support/records.ts'

const NOW = frozenClock.now()
const aborts: AbortController[] = []
afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort()
})

const onDisk = [routeRecord('disk.test', '')]
const storedAt = (observedAt: number, revision = 5): Stored => ({
  head: altered(headAt(1, revision), { observedAt, root: rootOf(onDisk) }),
  records: onDisk,
  ageMs: undefined,
})

/** A registry that is away until it is let in. */
function gated(registry: RegistryReader) {
  let isAway = true
  let hangs = Promise.resolve()
  const reader: RegistryReader = {
    load: async (signal): Promise<Load> => {
      await hangs
      if (isAway) throw new RegistryError('unreachable', 'away')
      return await registry.load(signal)
    },
    entries: (position, signal) => registry.entries(position, signal),
  }
  return {
    reader,
    letIn: () => {
      isAway = false
    },
    hang: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      hangs = promise
      return resolve
    },
  }
}

function started(reader: RegistryReader, stored?: Stored, timers: Timers = systemTimers) {
  const abort = new AbortController()
  aborts.push(abort)
  const troubles: string[] = []
  const kept: string[] = []
  const freshness = new Freshness(frozenClock, 60_000)
  const gateway = new Gateway({
    reader,
    place: nowhere,
    freshness,
    timers,
    random: systemRandom,
    keeper: {
      replace: (_records, { position }) => kept.push(`all of ${position.revision}`),
      update: (_changes, { position }) => kept.push(`changes of ${position.revision}`),
    },
    onTrouble: ({ message }) => troubles.push(message),
    onTable: () => {},
  })
  const done = gateway.run(abort.signal, stored)
  return { gateway, troubles, kept, freshness, abort, done }
}

async function published(observedAt = NOW) {
  const registry = new MemoryRegistry()
  const publisher = new Publisher({ writer: registry, cluster, clock: frozenClock })
  await publisher.publish([routeRecord('registry.test', '')], observedAt)
  return { registry, publisher }
}

const untilFrom = (gateway: Gateway, source: 'registry' | 'disk') =>
  waitFor(
    `a table from ${source}`,
    () => gateway.source,
    (now) => now === source,
  )

test('a registry that answers is served at once, and what is on disk is not', async () => {
  const { registry, publisher } = await published()
  const { gateway, kept, troubles } = started(registry, storedAt(NOW - 1))
  await untilFrom(gateway, 'registry')
  expect(gateway.table?.route('disk.test')).toBeUndefined()
  expect(gateway.table?.route('registry.test')).toBeDefined()
  expect(gateway.hasGoodTable).toBe(true)
  await publisher.publish([routeRecord('more.test', '')], NOW)
  await waitFor(
    'the change',
    () => kept,
    (now) => now.length === 2,
  )
  expect(kept).toEqual(['all of 1', 'changes of 2'])
  expect(troubles).toEqual([])
})

test('while the registry is away what is on disk is served, until it answers', async () => {
  const { registry } = await published(NOW)
  const { reader, letIn } = gated(registry)
  const { gateway, troubles, kept } = started(reader, storedAt(NOW - 1))
  await untilFrom(gateway, 'disk')
  expect(gateway.table?.route('disk.test')).toBeDefined()
  expect(gateway.hasGoodTable).toBe(true)
  expect(troubles.slice(0, 2)).toEqual([
    'away',
    'The registry does not answer: the records on disk are served, at 1-5',
  ])
  letIn()
  await untilFrom(gateway, 'registry')
  expect(gateway.table?.route('disk.test')).toBeUndefined()
  expect(kept).toEqual(['all of 1'])
})

test('a registry that says nothing at all is not waited for', async () => {
  const { registry } = await published()
  const { reader, letIn, hang } = gated(registry)
  const goOn = hang()
  letIn()
  const { gateway } = started(reader, storedAt(NOW - 1), hurried)
  await untilFrom(gateway, 'disk')
  goOn()
  await untilFrom(gateway, 'registry')
})

test('a registry that is older than what is on disk is refused, as one older than what is served', async () => {
  const { registry, publisher } = await published(NOW - 2)
  const { gateway, troubles } = started(registry, storedAt(NOW - 1))
  await untilFrom(gateway, 'disk')
  expect(troubles[0]).toBe('Cannot load: 1-1 is older than 1-5, which is served')
  // Observed later: agent and registry both started anew.
  await publisher.heartbeat(NOW)
  await untilFrom(gateway, 'registry')
})

test('what on disk is too old for addresses of Pods makes no gateway ready; the registry does', async () => {
  const { registry } = await published()
  const { reader, letIn } = gated(registry)
  const { gateway, freshness } = started(reader, storedAt(NOW - 60_001))
  await untilFrom(gateway, 'disk')
  expect([gateway.hasGoodTable, freshness.ageMs]).toEqual([false, 60_001])
  letIn()
  await untilFrom(gateway, 'registry')
  expect([gateway.hasGoodTable, freshness.ageMs]).toEqual([true, 0])
})

test('a registry whose news are old makes a gateway ready: every other one has no better', async () => {
  const { registry } = await published(NOW - 60_001)
  const { gateway, freshness } = started(registry)
  await untilFrom(gateway, 'registry')
  expect([gateway.hasGoodTable, freshness.staleness()?.observedMsAgo]).toEqual([true, 60_001])
})
