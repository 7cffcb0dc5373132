import * as v from 'valibot'
import type { Position } from '../../model/position.ts'
import type { Head, HeadReader } from '../head.ts'
import type {
  Entry,
  Load,
  Publish,
  PublishResult,
  RegistryReader,
  RegistryWriter,
  StoredRecord,
} from '../port.ts'
import { RedisConnection, type RedisConnectionOptions } from './connection.node.ts'
import { type RedisKeys, redisKeys } from './keys.ts'
import { RedisWriter } from './redis-writer.node.ts'
import { streamEntries } from './stream.node.ts'

export interface RedisRegistryOptions extends RedisConnectionOptions {
  readonly cluster: string
  /** Whose heads are taken. */
  readonly heads: HeadReader
  /** The stream keeps at most so much, and nothing older: a follower that was away for longer loads anew. */
  readonly maxStreamBytes?: number
  readonly maxStreamAgeMs?: number
}

const MAX_STREAM_BYTES = 16 * 1024 * 1024
const MAX_STREAM_AGE_MS = 600_000
const SCAN_COUNT = 1000

const scanReply = v.tuple([v.string(), v.array(v.string())])
const textReply = v.nullable(v.string())
const listReply = v.array(v.string())

/**
 * The registry in Redis 6.2 or newer, or Valkey: one slot a cluster, core commands only. A head (hash), a hash of records
 * for each kind, and a stream of changes that carry their values (docs/design.md §4).
 */
export class RedisRegistry implements RegistryReader, RegistryWriter {
  readonly #options: RedisRegistryOptions
  readonly #cluster: string
  readonly #keys: RedisKeys
  readonly #connection: RedisConnection
  readonly #writer: RedisWriter

  constructor(options: RedisRegistryOptions) {
    const { cluster, random, maxStreamBytes = MAX_STREAM_BYTES, maxStreamAgeMs = MAX_STREAM_AGE_MS } = options
    this.#options = options
    this.#cluster = cluster
    this.#keys = redisKeys(cluster)
    this.#connection = new RedisConnection(this.#options)
    const [connection, keys] = [this.#connection, this.#keys]
    this.#writer = new RedisWriter({ connection, keys, random, maxStreamBytes, maxStreamAgeMs })
  }

  async load(signal: AbortSignal): Promise<Load> {
    const before = await this.#head()
    const records: StoredRecord[] = []
    const { kinds } = this.#keys
    for (const kind of await this.#connection.ask(listReply, `read ${kinds}`, 'SMEMBERS', kinds)) {
      for (const [key, text] of await this.#texts(kind, signal)) records.push({ kind, key, text })
    }
    return { before, records, after: await this.#head() }
  }

  /** The records of one kind, as they stand and unchecked. @throws RegistryError */
  async recordsOf(kind: string): Promise<readonly StoredRecord[]> {
    const texts = await this.#texts(kind, new AbortController().signal)
    return [...texts].map(([key, text]) => ({ kind, key, text }))
  }

  entries(position: Position, signal: AbortSignal): AsyncIterable<Entry | 'gap'> {
    const { changes } = this.#keys
    const { heads } = this.#options
    const follower = { key: changes, cluster: this.#cluster, heads, head: () => this.#head() }
    return streamEntries(this.#options, follower, position, signal)
  }

  publish(publish: Publish): Promise<PublishResult> {
    return this.#writer.publish(publish)
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  async #head(): Promise<Head | undefined> {
    const { head } = this.#keys
    const text = await this.#connection.ask(textReply, `read ${head}`, 'HGET', head, 'text')
    return text === null ? undefined : await this.#options.heads.read(text, this.#cluster, head)
  }

  /** By key. A scan may return a field twice while its hash grows: the later reading stands. */
  async #texts(kind: string, signal: AbortSignal): Promise<Map<string, string>> {
    const key = this.#keys.records + kind
    const texts = new Map<string, string>()
    let cursor = '0'
    do {
      signal.throwIfAborted()
      const args = [key, cursor, 'COUNT', SCAN_COUNT]
      const [next, fields] = await this.#connection.ask(scanReply, `read ${key}`, 'HSCAN', ...args)
      for (let i = 0; i + 1 < fields.length; i += 2) texts.set(fields[i] ?? '', fields[i + 1] ?? '')
      cursor = next
    } while (cursor !== '0')
    return texts
  }
}
