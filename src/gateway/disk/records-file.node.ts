import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import * as v from 'valibot'
import { printable } from '../../model/printable.ts'
import { nodeDigest } from '../../registry/digest.node.ts'
import type { Head, HeadReader } from '../../registry/head.ts'
import { linesOf } from '../../registry/http/body.ts'
import { endLineSchema, recordLine, recordLineSchema } from '../../registry/http/wire.ts'
import type { StoredRecord } from '../../registry/port.ts'
import { Replica } from '../../registry/replica.ts'

/** How old the records were when they were written, by a clock that no one sets and that a process does not take along. */
const stampSchema = v.object({ boot: v.string(), uptimeMs: v.number(), ageMs: v.number() })

export type Stamp = Readonly<v.InferOutput<typeof stampSchema>>

/** What a file of records holds. */
export interface Contents {
  readonly head: Head
  readonly stamp: Stamp
  readonly records: readonly StoredRecord[]
}

/** The same, before its head has been read. */
type Lines = Omit<Contents, 'head'> & { readonly head: string }

// A line that says what the file is; then, compressed: the head with the stamp, a line a record, and their count.
const VERSION = 2
const FIRST_LINE = `postern-records ${VERSION} gzip\n`
const MAX_FIRST_LINE = 64
const headLineSchema = v.object({ head: v.string(), stamp: stampSchema })

const MAX_LINE = 16 * 1024 * 1024
const MAX_BYTES = 1024 * 1024 * 1024
/** Lines go on in pieces of this size: one by one they would cost more than what is in them. */
const PIECE_CHARS = 65_536

/**
 * Puts a new file in the old one's place, whole or not at all, also when the power fails.
 * @throws Error; the old file stays
 */
export async function writeRecords(path: string, contents: Contents): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    // Opened first: a stream that opens by itself may do so after the failure has been cleaned up.
    const handle = await open(temporary, 'wx', 0o600)
    try {
      const file = handle.createWriteStream({ flush: true })
      file.write(FIRST_LINE)
      await pipeline(Readable.from(pieces(contents)), createGzip({ level: 1 }), file)
    } finally {
      // A stream that is destroyed while it writes leaves it open. Once closed, this does nothing.
      await handle.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/** Removes what processes left that were killed while they wrote, but for what was written to since `before`. @throws Error */
export async function removeLeftovers(path: string, before: number): Promise<void> {
  const folder = dirname(path)
  const isLeftover = (name: string): boolean => name.startsWith(`${basename(path)}.`) && name.endsWith('.tmp')
  for (const name of (await readdir(folder)).filter(isLeftover)) {
    const leftover = join(folder, name)
    // One that is gone by now has been put in place.
    const facts = await stat(leftover).catch(() => undefined)
    if (facts !== undefined && facts.mtimeMs <= before) await rm(leftover, { force: true })
  }
}

/**
 * Reads a file of records, and checks them against their head, and that for its author, as every load is.
 * @returns undefined when there is no file
 * @throws Error that names what is wrong with it
 */
export async function readRecords(
  path: string,
  cluster: string,
  heads: HeadReader,
): Promise<Contents | undefined> {
  // Of something else than a file, such as a pipe, opening it would never end.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    await requireOurs(handle)
    const lines = await readLines(handle, await readFirstLine(handle))
    const head = await heads.read(lines.head, cluster, 'on disk')
    const replica = new Replica(lines.records, head.position, nodeDigest)
    replica.verify(head)
    return { head, stamp: lines.stamp, records: replica.takeRecords() }
  } finally {
    await handle.close().catch(() => {})
  }
}

function* pieces({ head, stamp, records }: Contents): Iterable<string> {
  let piece = `${JSON.stringify({ head: head.text, stamp })}\n`
  for (const record of records) {
    piece += recordLine(record)
    if (piece.length < PIECE_CHARS) continue
    yield piece
    piece = ''
  }
  yield `${piece}${JSON.stringify({ count: records.length })}\n`
}

/** A rename lasts once its folder has been written. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Whoever else could have written it could send our clients anywhere. */
async function requireOurs(handle: FileHandle): Promise<void> {
  const facts = await handle.stat()
  if (!facts.isFile()) throw new Error('it is no file')
  const us = process.geteuid?.()
  if (us !== undefined && facts.uid !== us && facts.uid !== 0) {
    throw new Error(`it belongs to user ${facts.uid}, and this is user ${us}`)
  }
  if ((facts.mode & 0o002) !== 0) throw new Error('everybody may write to it')
}

/** @returns where what follows it begins */
async function readFirstLine(handle: FileHandle): Promise<number> {
  const { buffer, bytesRead } = await handle.read({
    buffer: Buffer.alloc(MAX_FIRST_LINE),
    position: 0,
  })
  const text = buffer.toString('latin1', 0, bytesRead)
  if (text.startsWith(FIRST_LINE)) return FIRST_LINE.length
  const [line = ''] = text.split('\n', 1)
  throw new Error(`it begins with "${printable(line)}", and this gateway reads "${FIRST_LINE.trim()}"`)
}

async function readLines(handle: FileHandle, start: number): Promise<Lines> {
  const packed = handle.createReadStream({ start, autoClose: false })
  return await pipeline(packed, createGunzip(), parseLines)
}

async function parseLines(chunks: AsyncIterable<Uint8Array>): Promise<Lines> {
  const records: StoredRecord[] = []
  let first: v.InferOutput<typeof headLineSchema> | undefined
  let count: number | undefined
  let bytes = 0
  const onBytes = (more: number): void => {
    bytes += more
    if (bytes > MAX_BYTES) throw new Error(`it holds more than ${MAX_BYTES} bytes`)
  }
  for await (const line of linesOf(webStreamOf(chunks), MAX_LINE, onBytes)) {
    if (count !== undefined) throw new Error('it goes on after its end')
    if (first === undefined) first = parseLine(headLineSchema, line)
    else if (line.startsWith('{')) ({ count } = parseLine(endLineSchema, line))
    else {
      const [kind, key, text] = parseLine(recordLineSchema, line)
      records.push({ kind, key, text })
    }
  }
  if (first === undefined || count !== records.length) {
    throw new Error(`it ends after ${records.length} records, and says that it has ${count ?? 'more'}`)
  }
  return { ...first, records }
}

/** Node's own stream would do, but for how it tells of its errors. */
function webStreamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: async () => void (await iterator.return?.()),
  })
}

function parseLine<T>(schema: v.GenericSchema<unknown, T>, line: string): T {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    throw new Error(`a line is not JSON: ${printable(line)}`)
  }
  const parsed = v.safeParse(schema, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new Error(`field ${v.getDotPath(issue) ?? '(root)'} of a line: ${printable(issue.message)}`)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
