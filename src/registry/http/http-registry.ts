import type * as v from 'valibot'
import type { Timers } from '../../model/clock.ts'
import type { Position } from '../../model/position.ts'
import type { Entry, Load, RegistryReader, StoredRecord } from '../port.ts'
import { BodyError, linesOf } from './body.ts'
import { RelayClient, type RelayClientOptions } from './client.ts'
import { eventsOf } from './events.ts'
import { Silence } from './silence.ts'
import {
  changesPath,
  decodeEntry,
  EVENTS_TYPE,
  endLineSchema,
  entrySchema,
  HEAD_FIELD,
  headLineSchema,
  KEEP_ALIVE_MS,
  LINES_TYPE,
  REGISTRY_PATH,
  recordLineSchema,
} from './wire.ts'

export interface HttpRegistryOptions extends RelayClientOptions {
  readonly timers: Timers
  /** Memory that the records of a full load may take, about: their bytes, decompressed, and {@link RECORD_BYTES} each. */
  readonly maxLoadBytes?: number
  /** How long a relay may say nothing before or in the middle of an answer. */
  readonly silenceMs?: number
}

const MAX_LOAD_BYTES = 1024 * 1024 * 1024
const MAX_LINE = 16 * 1024 * 1024
/** An increment has {@link MAX_INCREMENT_BYTES}, which JSON escapes to twice as much, and so many keys. */
const MAX_ENTRY = 4 * 1024 * 1024
/** What keeping a record takes besides its text. */
const RECORD_BYTES = 256
/** A relay compresses a large registry before it says anything. */
const LOAD_SILENCE_MS = 30_000
/** Three keep-alives that did not come. */
const FOLLOW_SILENCE_MS = 3 * KEEP_ALIVE_MS

/** The registry through a relay: read only, over HTTP. Web-standard. */
export class HttpRegistry implements RegistryReader {
  readonly #options: HttpRegistryOptions
  readonly #client: RelayClient

  constructor(options: HttpRegistryOptions) {
    this.#options = options
    this.#client = new RelayClient(options)
  }

  async load(signal: AbortSignal): Promise<Load> {
    const { timers, silenceMs = LOAD_SILENCE_MS } = this.#options
    const silence = new Silence(silenceMs, timers, signal)
    try {
      return await this.#client.reading(REGISTRY_PATH, () => this.#load(silence))
    } finally {
      silence.end()
    }
  }

  async *entries(position: Position, signal: AbortSignal): AsyncIterable<Entry | 'gap'> {
    const { timers, silenceMs = FOLLOW_SILENCE_MS } = this.#options
    const path = changesPath(position, false)
    const silence = new Silence(silenceMs, timers, signal)
    try {
      const { body } = await this.#client.get(path, EVENTS_TYPE, silence.signal)
      const events = body === null ? [] : eventsOf(body, MAX_ENTRY, () => silence.heard())
      for await (const { type, data } of events) {
        if (type === 'gap') {
          yield 'gap'
          return
        }
        if (type !== 'entry') continue
        const sent = this.#client.parse(path, entrySchema, data)
        yield decodeEntry(sent, await this.#client.readHead(sent.head, path))
      }
      if (!signal.aborted) throw new BodyError('unreachable', 'the stream of changes ended')
    } catch (error) {
      if (!signal.aborted) throw this.#client.failure(path, silence.reason ?? error)
    } finally {
      silence.end()
    }
  }

  async #load(silence: Silence): Promise<Load> {
    try {
      const response = await this.#client.get(REGISTRY_PATH, LINES_TYPE, silence.signal)
      const { body } = response
      if (body === null) throw new BodyError('invalid', 'it has no body')
      const { head: text, records } = await this.#readLines(body, silence)
      if (text === null) return { before: undefined, records: [], after: undefined }
      const head = await this.#client.readHead(text, REGISTRY_PATH)
      const newest = await this.#client.headOf(response, REGISTRY_PATH)
      if (newest.root !== head.root)
        throw new BodyError('invalid', `${HEAD_FIELD} has another root than its body`)
      // A relay holds one position at a time: nothing is torn.
      return { before: newest, records, after: newest }
    } catch (error) {
      throw silence.reason ?? error
    }
  }

  async #readLines(
    body: ReadableStream<Uint8Array>,
    silence: Silence,
  ): Promise<{ head: string | null; records: StoredRecord[] }> {
    const { maxLoadBytes = MAX_LOAD_BYTES } = this.#options
    const records: StoredRecord[] = []
    let head: string | null | undefined
    let count: number | undefined
    let bytes = 0
    const take = (more: number): void => {
      bytes += more
      if (bytes > maxLoadBytes) throw new BodyError('invalid', `it takes more than ${maxLoadBytes} bytes`)
    }
    const onBytes = (more: number): void => {
      silence.heard()
      take(more)
    }
    for await (const line of linesOf(body, MAX_LINE, onBytes)) {
      if (count !== undefined) throw new BodyError('invalid', 'it goes on after its end')
      if (head === undefined) head = this.#line(headLineSchema, line).head
      else if (line.startsWith('{')) count = this.#line(endLineSchema, line).count
      else {
        const [kind, key, text] = this.#line(recordLineSchema, line)
        records.push({ kind, key, text })
        take(RECORD_BYTES)
      }
    }
    if (head === undefined || count !== records.length) throw cutShort(records.length, count)
    return { head, records }
  }

  #line<T>(schema: v.GenericSchema<unknown, T>, line: string): T {
    return this.#client.parse(REGISTRY_PATH, schema, line)
  }
}

function cutShort(read: number, count: number | undefined): BodyError {
  return count === undefined
    ? new BodyError('unreachable', `it ends after ${read} records, without its last line`)
    : new BodyError('invalid', `it says that it has ${count} records, and has ${read}`)
}
