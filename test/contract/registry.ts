import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeCanonical } from '../../src/model/canonical.ts'
import { comparePositions, origin, type Position } from '../../src/model/position.ts'
import type { Head } from '../../src/registry/head.ts'
import type {
  Entry,
  Load,
  Publish,
  RegistryReader,
  RegistryWriter,
  StoredChange,
} from '../../src/registry/port.ts'
import { Publisher } from '../../src/registry/publisher.ts'
import { signer } from '../support/keys.ts'
import { cluster, frozenClock, route, headAt as sampleHead, sortedByKey } from './registry-samples.ts'
import { RootedWriter, rootOf } from './rooted-writer.ts'

export interface RegistryUnderTest {
  readonly reader: RegistryReader
  readonly writer: RegistryWriter
  /** Empties the registry behind everyone's back, as `FLUSHALL` does. */
  wipe(): Promise<void>
  close(): Promise<void>
}

function increment(expected: Position | undefined, head: Head, ...changes: StoredChange[]): Publish {
  return { expected, head, changes, isWhole: false }
}

/** As it is expected to be read: with the root that it was published with, and as it was signed. */
function headAt(epoch: number, revision: number): Head {
  const root = expect.stringMatching(/^[0-9a-f]{64}$/)
  const text = expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  return { ...sampleHead(epoch, revision), root, text }
}

/** What every driver of the registry must do. `make` gives a new, empty registry. */
export function registryContract(name: string, make: () => Promise<RegistryUnderTest>): void {
  describe(`registry contract: ${name}`, () => {
    let registry: RegistryUnderTest
    let abort: AbortController

    beforeEach(async () => {
      const made = await make()
      registry = { ...made, writer: new RootedWriter(made.writer) }
      abort = new AbortController()
    })
    afterEach(async () => {
      abort.abort()
      await registry.close()
    })

    async function load(): Promise<Load> {
      const loaded = await registry.reader.load(abort.signal)
      if (loaded.before) expect(loaded.before.root).toBe(rootOf(loaded.records))
      return loaded
    }
    const publish = (...args: Parameters<typeof increment>) => registry.writer.publish(increment(...args))
    const one = headAt(1, 1)
    const two = headAt(1, 2)
    const three = headAt(1, 3)

    async function take(position: Position, count: number): Promise<(Entry | 'gap')[]> {
      const taken: (Entry | 'gap')[] = []
      for await (const entry of registry.reader.entries(position, abort.signal)) {
        taken.push(entry)
        if (taken.length === count) break
      }
      return taken
    }

    test('a new registry is empty', async () => {
      expect(await load()).toEqual({ before: undefined, records: [], after: undefined })
    })

    test('a load returns what was published, with its head', async () => {
      await publish(undefined, one, route('a', '1'), route('b', '2'), { kind: 'node', key: 'a', text: '3' })
      await publish(one.position, two, route('a', null), route('b', '4'))
      const { before, records, after } = await load()
      expect([before, after]).toEqual([two, two])
      expect([...records].sort((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
        { kind: 'node', key: 'a', text: '3' },
        { kind: 'route', key: 'b', text: '4' },
      ])
    })

    test('entries after a position come in order, each naming the one before', async () => {
      await publish(undefined, one, route('a', '1'))
      await publish(one.position, two, route('a', null))
      await publish(two.position, three, route('b', '2'), route('c', '3'))
      expect(await take(one.position, 2)).toEqual([
        { head: two, previous: one.position, changes: [route('a', null)] },
        { head: three, previous: two.position, changes: [route('b', '2'), route('c', '3')] },
      ])
      expect(await take(origin, 1)).toEqual([{ head: one, previous: origin, changes: [route('a', '1')] }])
    })

    test('a follower that waits gets the next entry', async () => {
      await publish(undefined, one)
      const waiting = take(one.position, 1)
      await publish(one.position, two, route('a', '1'))
      expect(await waiting).toMatchObject([{ head: two }])
    })

    test('a follower of an empty registry gets the first entry', async () => {
      const waiting = take(origin, 1)
      await publish(undefined, one)
      expect(await waiting).toMatchObject([{ head: one, previous: origin }])
    })

    test('waiting ends when aborted', async () => {
      const waiting = take(origin, 1)
      abort.abort()
      expect(await waiting).toEqual([])
    })

    test('a writer of an older term is refused, and nothing is written', async () => {
      await publish(undefined, headAt(1, 7), route('a', 'old'))
      await publish(headAt(1, 7).position, headAt(2, 1), route('a', 'new'))
      expect(await publish(headAt(1, 7).position, headAt(1, 8), route('a', 'old'))).toEqual({
        ok: false,
        current: { epoch: 2, revision: 1 },
      })
      expect(await load()).toMatchObject({ records: [route('a', 'new')], after: headAt(2, 1) })
    })

    test('a writer that expects another position is refused', async () => {
      expect(await publish(one.position, two)).toEqual({ ok: false, current: undefined })
      await publish(undefined, one)
      expect(await publish(undefined, two)).toEqual({ ok: false, current: one.position })
      expect(await publish(two.position, three)).toEqual({ ok: false, current: one.position })
    })

    test('a head that does not go forward is refused', async () => {
      await publish(undefined, two)
      expect(await publish(two.position, two)).toEqual({ ok: false, current: two.position })
      expect(await publish(two.position, one)).toEqual({ ok: false, current: two.position })
    })

    test('numbers are compared as numbers', async () => {
      await publish(undefined, headAt(9, 9))
      expect(await publish(headAt(9, 9).position, headAt(9, 10))).toEqual({ ok: true })
      expect(await publish(headAt(9, 10).position, headAt(10, 1))).toEqual({ ok: true })
      expect(await take(headAt(9, 9).position, 2)).toMatchObject([
        { head: headAt(9, 10) },
        { head: headAt(10, 1) },
      ])
    })

    test('a position that the registry has not reached is a gap', async () => {
      await publish(undefined, one)
      expect(await take(two.position, 2)).toEqual(['gap'])
    })

    test('a heartbeat is an entry without changes', async () => {
      await publish(undefined, one, route('a', '1'))
      await publish(one.position, two)
      expect(await take(one.position, 1)).toEqual([{ head: two, previous: one.position, changes: [] }])
      expect(await load()).toMatchObject({ before: two, records: [route('a', '1')] })
    })

    test('a whole publish deletes what it does not carry', async () => {
      await publish(undefined, one, route('a', '1'), { kind: 'node', key: 'n', text: '2' })
      const whole = { expected: one.position, head: two, changes: [route('b', '3')], isWhole: true }
      expect(await registry.writer.publish(whole)).toEqual({ ok: true })
      expect(await load()).toEqual({ before: two, records: [route('b', '3')], after: two })
      expect(await take(one.position, 1)).toEqual([{ head: two, previous: one.position, changes: 'reload' }])
    })

    test('after a wipe the publisher restores everything in a newer epoch', async () => {
      const publisher = new Publisher({ writer: registry.writer, cluster, clock: frozenClock, heads: signer })
      await publisher.publish([route('a', '1'), route('b', '2')], 1000)
      const written = await load()
      await registry.wipe()
      expect(await load()).toEqual({ before: undefined, records: [], after: undefined })
      await publisher.heartbeat(2000)
      const repaired = await load()
      expect(sortedByKey(repaired.records)).toEqual([route('a', '1'), route('b', '2')])
      expect(repaired.after).toMatchObject({ root: written.after?.root, observedAt: 2000 })
      expect(repaired.after?.position).toEqual({ epoch: 2, revision: 1 })
    })

    test('a follower from before a wipe learns that its history ended', async () => {
      await publish(undefined, one)
      await publish(one.position, two)
      await registry.wipe()
      await publish(undefined, headAt(2, 1))
      const [first] = await take(two.position, 1)
      const previous = first === 'gap' || first === undefined ? origin : first.previous
      expect(comparePositions(previous, two.position)).not.toBe(0)
    })

    test('text is passed on untouched, whatever it says', async () => {
      const texts = ['{"unclosed', '', '\u0000', 'ümlaut 🚪 \r\n', '  spaced  ', 'null', '"reload"']
      const changes = texts.map((text, index) => route(`key ${index}/:${text}`, text))
      await publish(undefined, one, ...changes)
      expect(sortedByKey((await load()).records)).toEqual(sortedByKey(changes))
      expect(await take(origin, 1)).toEqual([{ head: one, previous: origin, changes }])
    })

    test('many records are one publish', async () => {
      const changes = Array.from({ length: 5000 }, (_, index) =>
        route(`h${index}`, encodeCanonical({ index })),
      )
      const whole = { expected: undefined, head: one, changes, isWhole: true }
      expect(await registry.writer.publish(whole)).toEqual({ ok: true })
      const { before, records, after } = await load()
      expect([before, after]).toEqual([one, one])
      expect(sortedByKey(records)).toEqual(sortedByKey(changes))
    })

    test('a large whole publish deletes what it does not carry, and the next change is an increment again', async () => {
      await publish(undefined, one, route('old', '1'), { kind: 'node', key: 'n', text: '2' })
      const changes = Array.from({ length: 5000 }, (_, index) => route(`h${index}`, `${index}`))
      const whole = { expected: one.position, head: two, changes, isWhole: true }
      expect(await registry.writer.publish(whole)).toEqual({ ok: true })
      expect((await load()).records).toHaveLength(5000)
      expect(await publish(two.position, three, route('h0', null))).toEqual({ ok: true })
      expect((await load()).records).toHaveLength(4999)
      expect(await take(two.position, 1)).toMatchObject([{ head: three, changes: [route('h0', null)] }])
    })

    test('a large publish of a deposed writer changes nothing', async () => {
      await publish(undefined, headAt(2, 1), route('a', 'new'))
      const changes = Array.from({ length: 5000 }, (_, index) => route(`h${index}`, `${index}`))
      const whole = { expected: one.position, head: two, changes, isWhole: true }
      expect(await registry.writer.publish(whole)).toEqual({ ok: false, current: headAt(2, 1).position })
      expect(await load()).toMatchObject({ records: [route('a', 'new')], after: headAt(2, 1) })
    })
  })
}
