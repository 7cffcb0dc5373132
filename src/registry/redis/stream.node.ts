import * as v from 'valibot'
import { comparePositions, formatPosition, origin, type Position } from '../../model/position.ts'
import type { Head, HeadReader } from '../head.ts'
import type { Entry } from '../port.ts'
import { RedisConnection, type RedisConnectionOptions } from './connection.node.ts'
import { readEntry } from './entry.ts'

export interface Stream {
  readonly key: string
  readonly cluster: string
  readonly heads: HeadReader
  readonly head: () => Promise<Head | undefined>
}

/** How long a read waits for an entry: then we look whether the history we follow is still the registry's. */
const BLOCK_MS = 5_000
const REPLY_MS = 5_000
const MAX_ENTRIES = 64

const entryReply = v.tuple([v.string(), v.array(v.string())])
const rangeReply = v.array(entryReply)
const readReply = v.nullable(v.array(v.tuple([v.string(), rangeReply])))

/** Follows the stream of changes over a connection of its own, for a read that waits holds its connection. */
export async function* streamEntries(
  options: RedisConnectionOptions,
  stream: Stream,
  position: Position,
  signal: AbortSignal,
): AsyncIterable<Entry | 'gap'> {
  if (signal.aborted) return
  const connection = new RedisConnection(options, BLOCK_MS + REPLY_MS)
  const end = (): void => connection.close()
  signal.addEventListener('abort', end)
  try {
    let reached = position
    while (!signal.aborted) {
      // Without waiting first: what was already there tells whether our history is still held.
      const ready = await range(connection, stream, reached)
      const entries = ready.length > 0 ? ready : await nextEntries(connection, stream, reached)
      for (const entry of entries) {
        if (entry === 'gap' || comparePositions(entry.previous, reached) !== 0) {
          yield 'gap'
          return
        }
        reached = entry.head.position
        yield entry
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', end)
    connection.close()
  }
}

/** Nothing follows `reached` yet: waits, unless the registry stands elsewhere. */
async function nextEntries(
  connection: RedisConnection,
  stream: Stream,
  reached: Position,
): Promise<(Entry | 'gap')[]> {
  const current = (await stream.head())?.position ?? origin
  if (comparePositions(current, reached) !== 0) {
    // Published since the last look, or a history that is not ours.
    const entries = await range(connection, stream, reached)
    return entries.length > 0 ? entries : ['gap']
  }
  const { key } = stream
  const id = formatPosition(reached)
  const args = ['COUNT', MAX_ENTRIES, 'BLOCK', BLOCK_MS, 'STREAMS', key, id]
  const reply = await connection.ask(readReply, `follow ${key}`, 'XREAD', ...args)
  return await readEntries(
    (reply ?? []).flatMap(([, entries]) => entries),
    stream,
  )
}

async function range(connection: RedisConnection, stream: Stream, after: Position): Promise<Entry[]> {
  const { key } = stream
  const args = [key, `(${formatPosition(after)}`, '+', 'COUNT', MAX_ENTRIES]
  const reply = await connection.ask(rangeReply, `read ${key}`, 'XRANGE', ...args)
  return await readEntries(reply, stream)
}

function readEntries(
  entries: v.InferOutput<typeof rangeReply>,
  { cluster, heads }: Stream,
): Promise<Entry[]> {
  return Promise.all(entries.map((entry) => readEntry(...entry, cluster, heads)))
}
