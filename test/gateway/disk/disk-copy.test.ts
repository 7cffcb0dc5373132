import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { DiskCopy, type DiskCopyOptions } from '../../../src/gateway/disk/disk-copy.node.ts'
import { readRecords } from '../../../src/gateway/disk/records-file.node.ts'
import type { Head } from '../../../src/registry/head.ts'
import type { StoredRecord } from '../../../src/registry/port.ts'
import { anyHeads } from '../../../src/registry/unsigned-heads.ts'
import { waitFor } from '../../cluster/wait-for.ts'
import { cluster, headAt, sortedByKey } from '../../contract/registry-samples.ts'
import { rootOf } from '../../contract/rooted-writer.ts'
import { altered } from '../../support/keys.ts'
import { ManualTime } from '../../support/manual-time.ts'
import { routeRecord } from '../../support/records.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function copyIn(folder = newFolder(), overrides: Partial<DiskCopyOptions> = {}) {
  const time = new ManualTime()
  const troubles: string[] = []
  const outcomes: string[] = []
  const copy = new DiskCopy({
    folder,
    cluster,
    heads: anyHeads,
    clock: time.clock,
    timers: time.timers,
    uptime: () => ({ boot: 'this', uptimeMs: 500 + time.clock.elapsed() }),
    ageMs: () => 7,
    onTrouble: ({ message }) => troubles.push(message),
    onWritten: (outcome) => outcomes.push(outcome),
    ...overrides,
  })
  return { copy, time, troubles, outcomes, folder }
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-copy-'))
  folders.push(folder)
  return folder
}

const headOf = (revision: number, records: readonly StoredRecord[]): Head =>
  altered(headAt(1, revision), { root: rootOf(records) })
const [a, b] = [routeRecord('a.test', ''), routeRecord('b.test', '')]
const until = (outcomes: readonly string[], count: number) =>
  waitFor(
    `${count} writes`,
    () => outcomes.length,
    (now) => now === count,
  )

test('a load is written at once, and read by the next process with its age', async () => {
  const { copy, time, outcomes, folder } = copyIn()
  expect(await copy.read()).toBeUndefined()
  copy.replace([a, b], headOf(1, [a, b]))
  time.pass(0)
  await until(outcomes, 1)
  expect(copy.writtenMsAgo).toBe(0)
  const next = copyIn(folder)
  next.time.pass(40_000)
  const stored = await next.copy.read()
  expect(sortedByKey(stored?.records ?? [])).toEqual([a, b])
  expect(stored?.head).toEqual(headOf(1, [a, b]))
  expect(stored?.ageMs).toBe(40_007)
  expect(next.copy.writtenMsAgo).toBeUndefined()
})

test('after the machine has started anew only the wall clock can tell the age', async () => {
  const { copy, folder } = copyIn()
  copy.replace([a], headOf(1, [a]))
  await copy.close()
  for (const boot of ['another', '']) {
    const next = copyIn(folder, { uptime: () => ({ boot, uptimeMs: 900 }) })
    expect((await next.copy.read())?.ageMs).toBeUndefined()
  }
})

test('changes are gathered for five seconds, and what only confirms for a minute', async () => {
  const { copy, time, outcomes } = copyIn()
  const onDisk = async () => (await readRecords(copy.path, cluster, anyHeads))?.head.position.revision
  copy.replace([a], headOf(1, [a]))
  time.pass(0)
  await until(outcomes, 1)
  copy.update([b], headOf(2, [a, b]))
  copy.update([{ ...a, text: null }], headOf(3, [b]))
  time.pass(4_999)
  expect(await onDisk()).toBe(1)
  time.pass(1)
  await until(outcomes, 2)
  expect(await readRecords(copy.path, cluster, anyHeads)).toMatchObject({
    head: headOf(3, [b]),
    records: [b],
  })
  copy.update([], headOf(4, [b]))
  time.pass(59_999)
  expect(await onDisk()).toBe(3)
  time.pass(1)
  await until(outcomes, 3)
  expect(await onDisk()).toBe(4)
  // Nothing new: nothing is written.
  time.pass(600_000)
  expect(outcomes).toEqual(['written', 'written', 'written'])
})

test('what changes while it is written is written after it', async () => {
  const { copy, time, outcomes } = copyIn()
  copy.replace([a], headOf(1, [a]))
  time.pass(0)
  copy.update([b], headOf(2, [a, b]))
  await until(outcomes, 1)
  expect((await readRecords(copy.path, cluster, anyHeads))?.head.position.revision).toBe(1)
  time.pass(5_000)
  await until(outcomes, 2)
  expect((await readRecords(copy.path, cluster, anyHeads))?.head.position.revision).toBe(2)
})

test('a copy that another process writes is read, and never written', async () => {
  const { copy, time, outcomes, folder } = copyIn()
  copy.replace([a], headOf(1, [a]))
  time.pass(0)
  await until(outcomes, 1)
  const reader = copyIn(folder, { isReadOnly: true })
  writeFileSync(`${copy.path}.1.tmp`, 'half')
  reader.time.pass(3_600_000)
  expect((await reader.copy.read())?.head).toEqual(headOf(1, [a]))
  reader.copy.replace([b], headOf(2, [b]))
  reader.copy.update([a], headOf(3, [a, b]))
  reader.time.pass(60_000)
  await reader.copy.close()
  expect(reader.outcomes).toEqual([])
  expect((await copy.read())?.head).toEqual(headOf(1, [a]))
  expect(readdirSync(folder)).toContain(basename(`${copy.path}.1.tmp`))
})

test('closing writes what has not been written', async () => {
  const { copy, time, outcomes } = copyIn()
  copy.replace([a], headOf(1, [a]))
  time.pass(0)
  copy.update([b], headOf(2, [a, b]))
  await copy.close()
  expect(outcomes).toEqual(['written', 'written'])
  expect((await readRecords(copy.path, cluster, anyHeads))?.head.position.revision).toBe(2)
})

test('a folder that cannot be written is told each time, and written once it can be', async () => {
  const folder = newFolder()
  const { copy, time, troubles, outcomes } = copyIn(folder)
  // Where the folder should be; a mode of its own would not stop root.
  rmSync(folder, { recursive: true })
  writeFileSync(folder, '')
  copy.replace([a], headOf(1, [a]))
  time.pass(0)
  await until(outcomes, 1)
  expect(troubles).toEqual([expect.stringMatching(/^Cannot write the records in .*test\.records: ENOTDIR/)])
  expect(copy.problem).toBe(troubles[0])
  time.pass(9_999)
  expect(outcomes).toEqual(['failed'])
  rmSync(folder)
  mkdirSync(folder)
  time.pass(1)
  await until(outcomes, 2)
  expect(outcomes).toEqual(['failed', 'written'])
  expect(copy.problem).toBeUndefined()
})

test('what cannot be used is told and left, and the folder is made where there is none', async () => {
  const folder = join(newFolder(), 'below', 'it')
  const fresh = copyIn(folder)
  expect(await fresh.copy.read()).toBeUndefined()
  expect(fresh.troubles).toEqual([])
  const broken = join(folder, `${cluster}.records`)
  writeFileSync(broken, 'nonsense')
  chmodSync(broken, 0o600)
  const { copy, troubles } = copyIn(folder)
  expect(await copy.read()).toBeUndefined()
  expect(troubles).toEqual([
    `Cannot use the records in ${broken}: it begins with "nonsense", and this gateway reads "postern-records 2 gzip"`,
  ])
  expect(readdirSync(folder)).toEqual([`${cluster}.records`])
})
