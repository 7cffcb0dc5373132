import type { Head } from '../registry/head.ts'
import { recordLine } from '../registry/http/wire.ts'
import type { StoredRecord } from '../registry/port.ts'
import type { Holding } from './holding.ts'

/** A full load, compressed once for everyone who asks. */
export interface Snapshot {
  readonly head: Head
  readonly gzip: Uint8Array<ArrayBuffer>
}

const CHUNK_CHARACTERS = 65_536

/**
 * Makes full loads, one at a time and at most two of them held: a thousand gateways that start at once share one, and
 * whoever asks gets one that is as new as its question.
 */
export class Snapshots {
  #newest: { readonly root: string; readonly made: Promise<Snapshot> } | undefined
  #queued: Promise<Snapshot> | undefined

  of(holding: () => Holding): Promise<Snapshot> {
    if (this.#newest?.root === holding().head.root) return this.#newest.made
    const make = (): Promise<Snapshot> => {
      this.#queued = undefined
      return this.#make(holding())
    }
    // After the one that is being made, failed or not.
    this.#queued ??= (this.#newest?.made ?? Promise.resolve()).then(make, make)
    return this.#queued
  }

  #make(holding: Holding): Promise<Snapshot> {
    const { head } = holding
    // The records of this moment, before the first wait.
    const made = compress(linesOf(head, holding.records())).then((gzip) => ({ head, gzip }))
    const newest = { root: head.root, made }
    this.#newest = newest
    made.catch(() => {
      if (this.#newest === newest) this.#newest = undefined
    })
    return made
  }
}

function* linesOf(head: Head, records: readonly StoredRecord[]): Generator<string, undefined> {
  let chunk = `${JSON.stringify({ head: head.text })}\n`
  for (const record of records) {
    chunk += recordLine(record)
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  yield `${chunk}${JSON.stringify({ count: records.length })}\n`
}

async function compress(chunks: Iterator<string, undefined>): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  const text = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => {
      const { value } = chunks.next()
      if (value === undefined) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
  })
  return await new Response(text.pipeThrough(new CompressionStream('gzip'))).bytes()
}

/** For the few who cannot read gzip: no second copy is held for them. */
export function decompress(gzip: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new Blob([gzip]).stream().pipeThrough(new DecompressionStream('gzip'))
}
