import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { readRecords, removeLeftovers, writeRecords } from '../../../src/gateway/disk/records-file.node.ts'
import type { Contents } from '../../../src/gateway/disk/records-text.ts'
import { anyHeads } from '../../../src/registry/unsigned-heads.ts'
import { cluster, headAt } from '../../contract/registry-samples.ts'
import { rootOf } from '../../contract/rooted-writer.ts'
import { altered } from '../../support/keys.ts'
import { endpointsRecord, routeRecord, serviceRecord } from '../../support/records.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const records = [
  routeRecord('a.test', 'shop/web:80'),
  serviceRecord('shop/web:80'),
  endpointsRecord('shop/web/1', ['10.0.0.1']),
  // Whatever a registry holds comes back as it was.
  { kind: 'problem', key: 'Service/shop/é "x"\n\u2028\ud800', text: '"\u2029 line\\n\n end"' },
]
const stamp = { boot: 'b', uptimeMs: 12, ageMs: 34 }
const contents: Contents = { head: altered(headAt(3, 4), { root: rootOf(records) }), stamp, records }

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-records-'))
  folders.push(folder)
  return join(folder, 'test.records')
}

async function written(of: Contents = contents): Promise<string> {
  const path = newPath()
  await writeRecords(path, of)
  return path
}

/** The file with its lines changed by hand. */
async function rewritten(change: (lines: string[]) => string[]): Promise<string> {
  const path = await written()
  const bytes = readFileSync(path)
  const start = bytes.indexOf('\n') + 1
  const lines = gunzipSync(bytes.subarray(start)).toString().split('\n').slice(0, -1)
  const text = change(lines)
    .map((line) => `${line}\n`)
    .join('')
  writeFileSync(path, Buffer.concat([bytes.subarray(0, start), gzipSync(text)]))
  return path
}

const read = (path: string) => readRecords(path, cluster, anyHeads)

test('what was written is read, by its owner alone, and nothing else is left', async () => {
  const path = await written()
  expect(await read(path)).toEqual(contents)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'latin1').split('\n', 1)).toEqual(['postern-records 2 gzip'])
  await writeRecords(path, { ...contents, head: altered(contents.head, { observedAt: 9 }) })
  expect((await read(path))?.head.observedAt).toBe(9)
  expect(readdirSync(join(path, '..'))).toEqual(['test.records'])
})

test('an empty registry is kept too, and there may be no file', async () => {
  const empty = { ...contents, head: altered(contents.head, { root: rootOf([]) }), records: [] }
  expect(await read(await written(empty))).toEqual(empty)
  expect(await read(newPath())).toBeUndefined()
})

test('what a killed process left is removed, and the records stay', async () => {
  const path = await written()
  for (const name of ['test.records.5f.tmp', 'test.records.tmp', 'other.records.1.tmp']) {
    writeFileSync(join(path, '..', name), 'half')
  }
  await removeLeftovers(path, Date.now() + 60_000)
  expect(readdirSync(join(path, '..')).sort()).toEqual(['other.records.1.tmp', 'test.records'])
})

test('what another process is writing just now stays', async () => {
  const path = await written()
  const [old, young] = ['test.records.1.tmp', 'test.records.2.tmp'] as const
  for (const name of [old, young]) writeFileSync(join(path, '..', name), 'half')
  utimesSync(join(path, '..', old), 1_000, 1_000)
  await removeLeftovers(path, 2_000_000)
  expect(readdirSync(join(path, '..')).sort()).toEqual(['test.records', young])
})

test('a write that fails leaves the file as it was, and no other', async () => {
  const path = await written()
  const broken = {
    ...contents,
    get records(): never {
      throw new Error('broken off')
    },
  }
  await expect(writeRecords(path, broken)).rejects.toThrow('broken off')
  expect(readdirSync(join(path, '..'))).toEqual(['test.records'])
  expect(openFiles().filter((file) => file.startsWith(path))).toEqual([])
  expect(await read(path)).toEqual(contents)
})

/** What this process has open; nothing where the system does not tell. */
function openFiles(): string[] {
  const folder = '/proc/self/fd'
  if (!existsSync(folder)) return []
  // The folder itself is open while it is read.
  return readdirSync(folder).flatMap((fd) => {
    const link = join(folder, fd)
    return lstatSync(link, { throwIfNoEntry: false }) === undefined ? [] : [readlinkSync(link)]
  })
}

describe('is refused, and says why:', () => {
  test.each([0, 1, 15, 22, 23, 24, 40, 100, 200, 300])('a file cut after %i bytes', async (length) => {
    const path = await written()
    writeFileSync(path, readFileSync(path).subarray(0, length))
    await expect(read(path)).rejects.toThrow(
      /^(it begins with|unexpected end of file$|it ends after 0 records)/,
    )
  })

  test('a file with any of its bits turned', async () => {
    const path = await written()
    const bytes = readFileSync(path)
    // Those of the gzip header's time and system say nothing; nor do the last of the deflated bits, which fill up a byte.
    const spared = [27, 28, 29, 30, 31, 32, bytes.length - 9]
    for (let at = 0; at < bytes.length; at++) {
      if (spared.includes(at)) continue
      const turned = Buffer.from(bytes)
      turned[at] = (turned[at] ?? 0) ^ (1 << (at % 8))
      writeFileSync(path, turned)
      await expect(read(path), `bit of byte ${at}`).rejects.toThrow(Error)
    }
  })

  test('a file of a later version, and one that is something else', async () => {
    const path = newPath()
    writeFileSync(path, 'postern-records 2 zstd\n…')
    await expect(read(path)).rejects.toThrow(
      'it begins with "postern-records 2 zstd", and this gateway reads "postern-records 2 gzip"',
    )
    writeFileSync(path, '#!/bin/sh\n')
    await expect(read(path)).rejects.toThrow('it begins with "#!/bin/sh"')
  })

  test('a record that was changed, taken out or put in', async () => {
    const misfit = 'Records do not fit the head at 3-4'
    const [route, other] = [records[0], routeRecord('evil.test', 'shop/web:80')]
    const swapped = await rewritten((lines) => lines.map((line) => line.replaceAll('10.0.0.1', '10.6.6.6')))
    await expect(read(swapped)).rejects.toThrow(misfit)
    const without = await rewritten((lines) => [...lines.toSpliced(1, 1).slice(0, -1), '{"count":3}'])
    await expect(read(without)).rejects.toThrow(misfit)
    const added = JSON.stringify([route?.kind, other.key, other.text])
    const withMore = await rewritten((lines) => [...lines.slice(0, -1), added, '{"count":5}'])
    await expect(read(withMore)).rejects.toThrow(misfit)
  })

  test.each<[string, (lines: string[]) => string[], string]>([
    ['a count that is wrong', (l) => [...l.slice(0, -1), '{"count":9}'], 'it ends after 4 records'],
    ['no count', (l) => l.slice(0, -1), 'it ends after 4 records, and says that it has more'],
    ['something after its end', (l) => [...l, l[1] ?? ''], 'it goes on after its end'],
    ['a line that is no record', (l) => [...l.slice(0, 1), '["route"]'], 'of a line'],
    ['a line that is not JSON', (l) => [...l.slice(0, 1), '["route'], 'a line is not JSON: ["route'],
    [
      'a head of another schema',
      (l) => [(l[0] ?? '').replace('\\"schema\\":1', '\\"schema\\":2'), ...l.slice(1)],
      'it is no head',
    ],
  ])('a file with %s', async (_what, change, why) => {
    await expect(read(await rewritten(change))).rejects.toThrow(why)
  })

  test("another cluster's", async () => {
    await expect(readRecords(await written(), 'other', anyHeads)).rejects.toThrow(`it is cluster "test"'s`)
  })

  test('what is no file, without waiting for what it might say', async () => {
    const pipe = newPath()
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
    await expect(read(pipe)).rejects.toThrow('it is no file')
    await expect(read(join(pipe, '..'))).rejects.toThrow('it is no file')
  })

  test('a file that everybody may write to', async () => {
    const path = await written()
    chmodSync(path, 0o606)
    await expect(read(path)).rejects.toThrow('everybody may write to it')
  })

  test('a bomb: more than any registry holds, packed small', async () => {
    const path = await written()
    const start = readFileSync(path).subarray(0, 23)
    const zeros = gzipSync(Buffer.alloc(17 * 1024 * 1024, '0'))
    writeFileSync(path, Buffer.concat([start, zeros]))
    await expect(read(path)).rejects.toThrow('a line is longer than')
  })
})
