import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { printable } from '../../model/printable.ts'
import { nodeDigest } from '../../registry/digest.node.ts'
import type { HeadReader } from '../../registry/head.ts'
import { Replica } from '../../registry/replica.ts'
import { type Contents, formatLines, type Lines, parseLines } from './records-text.ts'

// A line that says what the file is; then, compressed, the lines of records-text.ts.
const VERSION = 2
const FIRST_LINE = `postern-records ${VERSION} gzip\n`
const MAX_FIRST_LINE = 64

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
      await pipeline(Readable.from(formatLines(contents)), createGzip({ level: 1 }), file)
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

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
