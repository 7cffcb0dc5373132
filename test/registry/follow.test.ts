import { afterEach, describe, expect, test, vi } from 'vitest'
import { type FollowOptions, follow } from '../../src/registry/follow.ts'
import { MemoryRegistry } from '../../src/registry/memory.ts'
import { type Entry, type Load, RegistryError, type RegistryReader } from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { cluster, frozenClock, headAt, route } from '../contract/registry-samples.ts'
import { altered } from '../support/keys.ts'

const aborts: AbortController[] = []
afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort()
})

/** Fires at once, and remembers the delays. */
function instantTimers() {
  const delaysMs: number[] = []
  const start = (delayMs: number, fire: () => void) => {
    delaysMs.push(delayMs)
    setImmediate(fire)
    return { restart() {}, cancel() {} }
  }
  return { delaysMs, timers: { start } }
}

function followed(reader: RegistryReader, overrides: Partial<FollowOptions> = {}) {
  const abort = new AbortController()
  aborts.push(abort)
  const table = new Map<string, string>()
  const events: string[] = []
  const troubles: string[] = []
  const { timers, delaysMs } = instantTimers()
  const done = follow({
    reader,
    signal: abort.signal,
    onLoad(records, head) {
      table.clear()
      for (const { key, text } of records) table.set(key, text)
      events.push(`load ${head.position.epoch}-${head.position.revision}`)
    },
    onChanges(changes, head) {
      for (const { key, text } of changes) text === null ? table.delete(key) : table.set(key, text)
      events.push(`changes ${head.position.epoch}-${head.position.revision}`)
    },
    onTrouble: (error) => troubles.push(error.message),
    timers,
    random: () => 0.5,
    ...overrides,
  })
  return { table, events, troubles, delaysMs, abort, done }
}

function published() {
  const registry = new MemoryRegistry()
  return { registry, publisher: new Publisher({ writer: registry, cluster, clock: frozenClock }) }
}

/** A reader whose answers pass through the test's hands. */
function through(
  registry: RegistryReader,
  hands: { load?(load: Load): Load; entry?(entry: Entry): Entry | 'gap' },
) {
  const reader: RegistryReader = {
    load: async (signal) => (hands.load ?? ((load) => load))(await registry.load(signal)),
    async *entries(position, signal) {
      for await (const entry of registry.entries(position, signal)) {
        yield entry === 'gap' || !hands.entry ? entry : hands.entry(entry)
      }
    },
  }
  return reader
}

test('an empty registry is waited for, then loaded and followed', async () => {
  const { registry, publisher } = published()
  const { events, table, troubles } = followed(registry)
  await publisher.publish([route('a', '1')], 1)
  await vi.waitFor(() => expect(events).toEqual(['load 1-1']))
  await publisher.publish([route('a', null), route('b', '2')], 2)
  await publisher.heartbeat(3)
  await vi.waitFor(() => expect(events).toEqual(['load 1-1', 'changes 1-2', 'changes 1-3']))
  expect([...table]).toEqual([['b', '2']])
  expect(troubles).toEqual([])
})

test('a registry that was full and is empty is told, and what it held stays', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', '1')], 1)
  let isEmptied = false
  const reader = through(registry, {
    load: (load) => (isEmptied ? { before: undefined, records: [], after: undefined } : load),
    entry: (entry) => (isEmptied ? 'gap' : entry),
  })
  const { events, table, troubles } = followed(reader)
  await vi.waitFor(() => expect(events).toEqual(['load 1-1']))
  isEmptied = true
  await publisher.publish([route('a', null)], 2)
  await vi.waitFor(() => expect(troubles).toContain('Registry is empty: what it held at 1-1 stays in force'))
  expect([...table]).toEqual([['a', '1']])
  isEmptied = false
  await publisher.publish([route('b', '2')], 3)
  await vi.waitFor(() => expect([...table]).toEqual([['b', '2']]))
})

test('a torn load is made whole by replay before it is given', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', '1'), route('b', '1')], 1)
  const { before } = await registry.load(new AbortController().signal)
  await publisher.publish([route('a', '2')], 2)
  await publisher.publish([route('b', null)], 3)
  const { events, table } = followed(through(registry, { load: (load) => ({ ...load, before }) }))
  await vi.waitFor(() => expect(events).toEqual(['load 1-3']))
  expect([...table]).toEqual([['a', '2']])
})

test('a torn load that waits for what a fail-over has lost is given up with the next heartbeat', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', '1')], 1)
  let isLost = true
  const reader = through(registry, {
    load(load) {
      if (!isLost || load.after === undefined) return load
      isLost = false
      return { ...load, after: { ...load.after, position: { epoch: 3, revision: 1 } } }
    },
  })
  const { events, table } = followed(reader)
  await vi.waitFor(() => expect(isLost).toBe(false))
  expect(events).toEqual([])
  await publisher.heartbeat(2)
  await vi.waitFor(() => expect(events).toEqual(['load 1-2']))
  expect([...table]).toEqual([['a', '1']])
})

test('a tampered load is refused, with growing delays, until it fits its head', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', 'true')], 1)
  let lies = 8
  const tamper = (load: Load) =>
    lies-- > 0 ? { ...load, records: [{ kind: 'route', key: 'a', text: 'forged' }] } : load
  const { table, troubles, delaysMs } = followed(through(registry, { load: tamper }))
  await vi.waitFor(() => expect(table.get('a')).toBe('true'))
  expect(troubles).toEqual(Array(8).fill('Records do not fit the head at 1-1'))
  expect(delaysMs).toEqual([150, 300, 600, 1200, 2400, 3750, 3750, 3750])
})

test('a tampered change is refused and the last table kept', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', '1')], 1)
  let isDown = false
  const reader = through(registry, {
    load(load) {
      if (isDown) throw new Error('down')
      return load
    },
    entry(entry) {
      isDown = true
      return { ...entry, changes: [route('a', 'forged')] }
    },
  })
  const { table, events, troubles } = followed(reader)
  await vi.waitFor(() => expect(events).toEqual(['load 1-1']))
  await publisher.publish([route('a', '2')], 2)
  await vi.waitFor(() => expect(troubles).toContain('down'))
  expect(troubles[0]).toBe('Records do not fit the head at 1-2')
  expect(table.get('a')).toBe('1')
  isDown = false
  await vi.waitFor(() => expect(table.get('a')).toBe('2'))
})

test('a gap leads to a reload at once', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', '1')], 1)
  const { events, table, troubles, delaysMs } = followed(through(registry, { entry: () => 'gap' }))
  await vi.waitFor(() => expect(events).toHaveLength(1))
  await publisher.publish([route('a', '2')], 2)
  await vi.waitFor(() => expect(events).toEqual(['load 1-1', 'load 1-2']))
  expect(table.get('a')).toBe('2')
  expect(troubles).toEqual(['Registry no longer holds the next entry'])
  expect(delaysMs).toEqual([])
})

test('an entry that follows another predecessor leads to a reload', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', '1')], 1)
  const reader = through(registry, { entry: (entry) => ({ ...entry, previous: { epoch: 1, revision: 9 } }) })
  const { events, troubles } = followed(reader)
  await vi.waitFor(() => expect(events).toHaveLength(1))
  await publisher.publish([route('a', '2')], 2)
  await vi.waitFor(() => expect(events).toEqual(['load 1-1', 'load 1-2']))
  expect(troubles).toEqual(['Cannot apply entry: 1-2 follows 1-9, not 1-1'])
})

test('a table that refuses a change leads to a reload', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', '1')], 1)
  const refuse = () => {
    throw new Error('refused')
  }
  const { events, table, troubles } = followed(registry, { onChanges: refuse })
  await vi.waitFor(() => expect(events).toHaveLength(1))
  await publisher.publish([route('a', '2')], 2)
  await vi.waitFor(() => expect(table.get('a')).toBe('2'))
  expect(troubles).toEqual(['refused'])
})

test('a wiped registry keeps the table, until the publisher has repaired it', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', '1')], 1)
  const { events, table } = followed(registry)
  await vi.waitFor(() => expect(events).toEqual(['load 1-1']))
  registry.wipe()
  expect(table.get('a')).toBe('1')
  await publisher.publish([route('b', '2')], 2)
  await vi.waitFor(() => expect(events).toEqual(['load 1-1', 'load 2-1']))
  expect([...table.keys()]).toEqual(['a', 'b'])
})

test('an older state than the served one is refused, unless it was observed later', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', 'old')], 1)
  await publisher.publish([route('a', 'new')], 5)
  const { table, troubles } = followed(registry)
  await vi.waitFor(() => expect(table.get('a')).toBe('new'))
  registry.wipe()
  await new Publisher({ writer: registry, cluster, clock: frozenClock }).publish([route('a', 'old')], 1)
  await vi.waitFor(() => expect(troubles).toContain('Cannot load: 1-1 is older than 1-2, which is served'))
  expect(table.get('a')).toBe('new')
  registry.wipe()
  await new Publisher({ writer: registry, cluster, clock: frozenClock }).publish([route('a', 'newer')], 9)
  await vi.waitFor(() => expect(table.get('a')).toBe('newer'))
})

test('what is older than what was served before the first load is refused', async () => {
  const { registry, publisher } = published()
  await publisher.publish([route('a', 'old')], 1)
  const { table, troubles } = followed(registry, { served: altered(headAt(1, 4), { observedAt: 3 }) })
  await vi.waitFor(() => expect(troubles).toContain('Cannot load: 1-1 is older than 1-4, which is served'))
  expect(table.size).toBe(0)
  await publisher.publish([route('a', 'new')], 4)
  await vi.waitFor(() => expect(table.get('a')).toBe('new'))
})

/** A reader whose streams are cut on demand, and which counts its loads and streams. */
function cuttable(registry: RegistryReader) {
  const counts = { loads: 0, streams: 0 }
  let cut = Promise.withResolvers<never>()
  const reader: RegistryReader = {
    load: (signal) => {
      counts.loads++
      return registry.load(signal)
    },
    async *entries(position, signal) {
      counts.streams++
      const entries = registry.entries(position, signal)[Symbol.asyncIterator]()
      while (true) {
        const { value, done } = await Promise.race([entries.next(), cut.promise])
        if (done) return
        yield value
      }
    },
  }
  return {
    reader,
    counts,
    cut: (code: 'unreachable' | 'invalid' = 'unreachable') => {
      const { reject } = cut
      cut = Promise.withResolvers<never>()
      reject(new RegistryError(code, 'cut'))
    },
  }
}

describe('a stream that is cut', () => {
  test('is taken up where it ended, again and again, without a load', async () => {
    const { registry, publisher } = published()
    await publisher.publish([route('a', '1')], 1)
    const { reader, counts, cut } = cuttable(registry)
    const { events, table, troubles } = followed(reader)
    for (let revision = 2; revision < 6; revision++) {
      await vi.waitFor(() => expect(counts.streams).toBe(revision - 1))
      cut()
      await publisher.publish([route('a', `${revision}`)], revision)
      await vi.waitFor(() => expect(events.at(-1)).toBe(`changes 1-${revision}`))
    }
    expect(events).toEqual(['load 1-1', 'changes 1-2', 'changes 1-3', 'changes 1-4', 'changes 1-5'])
    expect(table.get('a')).toBe('5')
    expect(counts.loads).toBe(1)
    expect(troubles).toEqual(Array(4).fill('cut'))
  })

  test('and brings nothing when it is taken up is followed by a load', async () => {
    const { registry, publisher } = published()
    await publisher.publish([route('a', '1')], 1)
    const { reader, counts, cut } = cuttable(registry)
    followed(reader)
    for (let streams = 1; streams < 6; streams++) {
      await vi.waitFor(() => expect(counts.streams).toBe(streams))
      cut()
    }
    await vi.waitFor(() => expect(counts).toEqual({ loads: 3, streams: 6 }))
  })

  test('while the registry is away is taken up once it is back', async () => {
    const { registry, publisher } = published()
    await publisher.publish([route('a', '1')], 1)
    let attempts = 0
    let isAway = false
    const away = (): void => {
      attempts++
      if (isAway) throw new RegistryError('unreachable', 'away')
    }
    const { reader: cut, cut: cutStream, counts } = cuttable(registry)
    const { events, table } = followed({
      load: async (signal) => {
        away()
        return await cut.load(signal)
      },
      async *entries(position, signal) {
        away()
        yield* cut.entries(position, signal)
      },
    })
    await vi.waitFor(() => expect(counts.streams).toBe(1))
    isAway = true
    cutStream()
    await vi.waitFor(() => expect(attempts).toBeGreaterThan(8))
    isAway = false
    await publisher.publish([route('a', '2')], 2)
    await vi.waitFor(() => expect(table.get('a')).toBe('2'))
    expect(events.filter((event) => event === 'load 1-1')).toHaveLength(1)
  })

  test('because of what it said is followed by a load', async () => {
    const { registry, publisher } = published()
    await publisher.publish([route('a', '1')], 1)
    const { reader, counts, cut } = cuttable(registry)
    followed(reader)
    await vi.waitFor(() => expect(counts.streams).toBe(1))
    cut('invalid')
    await vi.waitFor(() => expect(counts).toEqual({ loads: 2, streams: 2 }))
  })

  test('while the registry was put back to another state is followed by a load', async () => {
    const { registry, publisher } = published()
    await publisher.publish([route('a', '1')], 1)
    const { reader, counts, cut } = cuttable(registry)
    const { table } = followed(reader)
    await vi.waitFor(() => expect(counts.streams).toBe(1))
    registry.wipe()
    const other = new Publisher({ writer: registry, cluster, clock: frozenClock })
    await other.publish([route('b', '1')], 5)
    await other.publish([route('b', '2')], 6)
    cut()
    await vi.waitFor(() => expect([...table]).toEqual([['b', '2']]))
    expect(counts.loads).toBe(2)
  })
})

test('following ends when aborted', async () => {
  const { abort, done, troubles } = followed(new MemoryRegistry())
  abort.abort()
  await done
  expect(troubles).toEqual([])
})
