import * as v from 'valibot'
import type { Timers } from '../../model/clock.ts'
import { pause } from '../../model/pause.ts'
import { comparePositions, formatPosition, origin, type Position } from '../../model/position.ts'
import type { Head, HeadReader } from '../head.ts'
import type { Entry, Load, RegistryReader, StoredRecord } from '../port.ts'
import { readEntry } from '../redis/entry.ts'
import { type RedisKeys, redisKeys } from '../redis/keys.ts'
import { type Command, RedisRestClient, type RedisRestClientOptions } from './client.ts'

export interface RedisRestRegistryOptions extends RedisRestClientOptions {
  readonly cluster: string
  /** Whose heads are taken. */
  readonly heads: HeadReader
  /** How long to wait before asking again when nothing has changed: each question is a request that is paid for. */
  readonly pollMs?: number
}

const POLL_MS = 1_000
const SCAN_COUNT = 1_000
const MAX_ENTRIES = 64

const textReply = v.nullable(v.string())
const listReply = v.array(v.string())
/** Some proxies pass a cursor on as a number. */
const cursor = v.pipe(v.union([v.string(), v.number()]), v.transform(String))
const scanReply = v.tuple([cursor, listReply])
const rangeReply = v.array(v.tuple([v.string(), listReply]))

/**
 * Reads the registry in a Redis that is reached by REST (Upstash's protocol, which self-hosted proxies speak too): the
 * keys of the Redis driver, read only. REST cannot wait, so changes are asked for at intervals. Web-standard.
 */
export class RedisRestRegistry implements RegistryReader {
  readonly #client: RedisRestClient
  readonly #cluster: string
  readonly #heads: HeadReader
  readonly #keys: RedisKeys
  readonly #timers: Timers
  readonly #pollMs: number

  constructor(options: RedisRestRegistryOptions) {
    this.#client = new RedisRestClient(options)
    this.#cluster = options.cluster
    this.#heads = options.heads
    this.#keys = redisKeys(options.cluster)
    this.#timers = options.timers
    this.#pollMs = options.pollMs ?? POLL_MS
  }

  async load(signal: AbortSignal): Promise<Load> {
    const { head, kinds } = this.#keys
    const action = `read ${head}`
    const [text, names] = await this.#client.askAll(action, signal, [this.#headCommand, ['SMEMBERS', kinds]])
    const before = await this.#readHead(this.#client.read(textReply, action, text))
    // The later reading of a field that a scan gives twice stands.
    const records = new Map<string, StoredRecord>()
    for (const kind of this.#client.read(listReply, `read ${kinds}`, names)) {
      for await (const record of this.#scan(kind, signal)) records.set(`${kind} ${record.key}`, record)
    }
    return { before, records: [...records.values()], after: await this.#head(signal) }
  }

  async *entries(position: Position, signal: AbortSignal): AsyncIterable<Entry | 'gap'> {
    let reached = position
    try {
      while (!signal.aborted) {
        const entries = await this.#next(reached, signal)
        for (const entry of entries) {
          if (entry === 'gap' || comparePositions(entry.previous, reached) !== 0) {
            yield 'gap'
            return
          }
          reached = entry.head.position
          yield entry
        }
        if (entries.length === 0) await pause(this.#pollMs, this.#timers, signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Empty: nothing has come. */
  async #next(reached: Position, signal: AbortSignal): Promise<(Entry | 'gap')[]> {
    const { changes } = this.#keys
    const action = `read ${changes}`
    const commands = [this.#rangeCommand(reached), this.#headCommand]
    const [range, text] = await this.#client.askAll(action, signal, commands)
    const entries = await this.#readRange(range)
    if (entries.length > 0) return entries
    const head = await this.#readHead(this.#client.read(textReply, action, text))
    const current = head?.position ?? origin
    if (comparePositions(current, reached) === 0) return []
    // Published between the two readings, or a history that is not ours.
    const late = await this.#readRange(await this.#client.ask(action, signal, this.#rangeCommand(reached)))
    return late.length > 0 ? late : ['gap']
  }

  async #head(signal: AbortSignal): Promise<Head | undefined> {
    const action = `read ${this.#keys.head}`
    const text = await this.#client.ask(action, signal, this.#headCommand)
    return await this.#readHead(this.#client.read(textReply, action, text))
  }

  async *#scan(kind: string, signal: AbortSignal): AsyncIterable<StoredRecord> {
    const key = this.#keys.records + kind
    let cursor = '0'
    do {
      const reply = await this.#client.ask(`read ${key}`, signal, ['HSCAN', key, cursor, 'COUNT', SCAN_COUNT])
      const [next, fields] = this.#client.read(scanReply, `read ${key}`, reply)
      for (let i = 0; i + 1 < fields.length; i += 2) {
        yield { kind, key: fields[i] ?? '', text: fields[i + 1] ?? '' }
      }
      cursor = next
    } while (cursor !== '0')
  }

  get #headCommand(): Command {
    return ['HGET', this.#keys.head, 'text']
  }

  #rangeCommand(after: Position): Command {
    return ['XRANGE', this.#keys.changes, `(${formatPosition(after)}`, '+', 'COUNT', MAX_ENTRIES]
  }

  async #readRange(reply: unknown): Promise<Entry[]> {
    const entries = this.#client.read(rangeReply, `read ${this.#keys.changes}`, reply)
    return await Promise.all(entries.map((entry) => readEntry(...entry, this.#cluster, this.#heads)))
  }

  async #readHead(text: string | null): Promise<Head | undefined> {
    return text === null ? undefined : await this.#heads.read(text, this.#cluster, this.#keys.head)
  }
}
