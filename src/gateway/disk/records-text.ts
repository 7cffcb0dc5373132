import * as v from 'valibot'
import { printable } from '../../model/printable.ts'
import type { Head } from '../../registry/head.ts'
import { linesOf } from '../../registry/http/body.ts'
import { endLineSchema, recordLine, recordLineSchema } from '../../registry/http/wire.ts'
import type { StoredRecord } from '../../registry/port.ts'

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
export type Lines = Omit<Contents, 'head'> & { readonly head: string }

// The head with the stamp, a line a record, and their count.
const headLineSchema = v.object({ head: v.string(), stamp: stampSchema })

const MAX_LINE = 16 * 1024 * 1024
const MAX_BYTES = 1024 * 1024 * 1024
/** Lines go on in pieces of this size: one by one they would cost more than what is in them. */
const PIECE_CHARS = 65_536

/** What a file of records is written as. */
export function* formatLines({ head, stamp, records }: Contents): Iterable<string> {
  let piece = `${JSON.stringify({ head: head.text, stamp })}\n`
  for (const record of records) {
    piece += recordLine(record)
    if (piece.length < PIECE_CHARS) continue
    yield piece
    piece = ''
  }
  yield `${piece}${JSON.stringify({ count: records.length })}\n`
}

/** @throws Error that names what is wrong with it */
export async function parseLines(chunks: AsyncIterable<Uint8Array>): Promise<Lines> {
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
