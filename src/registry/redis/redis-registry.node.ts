import { createHash } from 'node:crypto'
import * as v from 'valibot'
import type { Random } from '../../model/clock.ts'
import type { Position } from '../../model/position.ts'
import { encodeHead, type Head } from '../head.ts'
import {
  type Entry,
  type Load,
  MAX_INCREMENT_BYTES,
  MAX_INCREMENT_CHANGES,
  type Publish,
  type PublishResult,
  RegistryError,
  type RegistryReader,
  type RegistryWriter,
  type StoredChange,
  type StoredRecord,
  sizeOf,
} from '../port.ts'
import { RedisConnection } from './connection.node.ts'
import { readHead } from './entry.ts'
import { PUBLISH_SCRIPT } from './publish-script.ts'
import { streamEntries } from './stream.node.ts'

export interface RedisRegistryOptions {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly url: string
  readonly cluster: string
  readonly random: Random
  /** The stream keeps at most so much, and nothing older: a follower that was away for longer loads anew. */
  readonly maxStreamBytes?: number
  readonly maxStreamAgeMs?: number
}

const MAX_STREAM_BYTES = 16 * 1024 * 1024
const MAX_STREAM_AGE_MS = 600_000
/** Staged hashes of a writer that died vanish by themselves. */
const STAGING_SECONDS = 600
const SCAN_COUNT = 1000
const SCRIPT_SHA = createHash('sha1').update(PUBLISH_SCRIPT).digest('hex')

const scanReply = v.tuple([v.string(), v.array(v.string())])
const textReply = v.nullable(v.string())
const listReply = v.array(v.string())
const scriptReply = v.union([
  v.tuple([v.literal(1)]),
  v.strictTuple([v.literal(0)]),
  v.strictTuple([v.literal(0), v.string(), v.string()]),
  v.tuple([v.picklist([-1, -2]), v.string()]),
])

/**
 * The registry in Redis 6.2 or newer, or Valkey: one slot a cluster, core commands only. A head (hash), a hash of records
 * for each kind, and a stream of changes that carry their values (docs/design.md §4).
 */
export class RedisRegistry implements RegistryReader, RegistryWriter {
  readonly #options: RedisRegistryOptions
  readonly #connection: RedisConnection
  readonly #keys: {
    readonly head: string
    readonly kinds: string
    readonly changes: string
    readonly records: string
  }

  constructor(options: RedisRegistryOptions) {
    this.#options = options
    this.#connection = new RedisConnection(options)
    const prefix = `postern:{${options.cluster}}:`
    this.#keys = {
      head: `${prefix}head`,
      kinds: `${prefix}kinds`,
      changes: `${prefix}changes`,
      records: `${prefix}records:`,
    }
  }

  async load(signal: AbortSignal): Promise<Load> {
    const before = await this.#head()
    const records: StoredRecord[] = []
    const { kinds } = this.#keys
    for (const kind of v.parse(listReply, await this.#call(`read ${kinds}`, 'SMEMBERS', kinds))) {
      for await (const record of this.#scan(kind, signal)) records.push(record)
    }
    return { before, records: latest(records), after: await this.#head() }
  }

  entries(position: Position, signal: AbortSignal): AsyncIterable<Entry | 'gap'> {
    const { changes } = this.#keys
    const follower = { key: changes, cluster: this.#options.cluster, head: () => this.#head() }
    return streamEntries(this.#options, follower, position, signal)
  }

  async publish(publish: Publish): Promise<PublishResult> {
    const { changes, isWhole } = publish
    const isSmall = changes.length <= MAX_INCREMENT_CHANGES && sizeOf(changes) <= MAX_INCREMENT_BYTES
    if (isSmall) {
      const args = changes.flatMap(({ kind, key, text }) => [
        kind,
        key,
        text === null ? '-' : '+',
        text ?? '',
      ])
      return await this.#run(publish, isWhole ? 'whole' : 'some', sizeOf(changes), '', args)
    }
    if (!isWhole) {
      throw new RegistryError(
        'invalid',
        `Cannot publish ${changes.length} changes as an increment: too large`,
      )
    }
    return await this.#publishStaged(publish)
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  /** Writes the records under keys that nobody reads, then puts them in force by one small script. */
  async #publishStaged(publish: Publish): Promise<PublishResult> {
    const { epoch, revision } = publish.head.position
    // Another writer at the same position must not write into ours.
    const staging = `${this.#keys.records.replace(/records:$/, 'staged:')}${epoch}-${revision}-${randomText(this.#options.random)}:`
    const byKind = Map.groupBy(
      publish.changes.filter((change) => change.text !== null),
      (change) => change.kind,
    )
    const args: string[] = []
    for (const [kind, records] of byKind) {
      const key = staging + kind
      for (const chunk of chunksOf(records)) {
        const fields = chunk.flatMap((record) => [record.key, record.text ?? ''])
        await this.#call(`stage ${key}`, 'HSET', key, ...fields)
        await this.#call(`stage ${key}`, 'EXPIRE', key, STAGING_SECONDS)
      }
      args.push(kind, `${new Set(records.map((record) => record.key)).size}`)
    }
    return await this.#run(publish, 'staged', 0, staging, args)
  }

  async #run(
    { expected, head }: Publish,
    mode: 'some' | 'whole' | 'staged',
    entryBytes: number,
    staging: string,
    args: readonly string[],
  ): Promise<PublishResult> {
    const { maxStreamBytes = MAX_STREAM_BYTES, maxStreamAgeMs = MAX_STREAM_AGE_MS } = this.#options
    const { head: headKey, kinds, changes, records } = this.#keys
    const text = encodeHead(head)
    const bytes = text.length + (mode === 'some' ? entryBytes : 0)
    const fixed = [
      ...[
        records,
        expected?.epoch ?? '',
        expected?.revision ?? '',
        head.position.epoch,
        head.position.revision,
      ],
      ...[text, mode, bytes, maxStreamBytes, maxStreamAgeMs, staging],
    ]
    const action = `publish to ${headKey}`
    const reply = await this.#script(action, [3, headKey, kinds, changes, ...fixed, ...args])
    const parsed = v.safeParse(scriptReply, reply)
    if (!parsed.success)
      throw new RegistryError('invalid', `Cannot ${action}: Redis answered ${JSON.stringify(reply)}`)
    const [code, first, second] = parsed.output
    if (code === 1) return { ok: true }
    if (code === 0) {
      const current = first === undefined ? undefined : { epoch: Number(first), revision: Number(second) }
      return { ok: false, current }
    }
    const reason = code === -1 ? `${first} is of another type` : `the staged ${first} records are gone`
    throw new RegistryError('invalid', `Cannot ${action}: ${reason}`)
  }

  async #script(action: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#call(action, 'EVALSHA', SCRIPT_SHA, ...args)
    } catch (error) {
      // A Redis that was restarted, or has never seen us.
      if (!(error instanceof RegistryError) || !error.message.includes('NOSCRIPT')) throw error
      return await this.#call(action, 'EVAL', PUBLISH_SCRIPT, ...args)
    }
  }

  async #head(): Promise<Head | undefined> {
    const { head } = this.#keys
    const text = v.parse(textReply, await this.#call(`read ${head}`, 'HGET', head, 'text'))
    return text === null ? undefined : readHead(text, this.#options.cluster, head)
  }

  async *#scan(kind: string, signal: AbortSignal): AsyncIterable<StoredRecord> {
    const key = this.#keys.records + kind
    let cursor = '0'
    do {
      signal.throwIfAborted()
      const reply = await this.#call(`read ${key}`, 'HSCAN', key, cursor, 'COUNT', SCAN_COUNT)
      const [next, fields] = v.parse(scanReply, reply)
      for (let i = 0; i + 1 < fields.length; i += 2) {
        yield { kind, key: fields[i] ?? '', text: fields[i + 1] ?? '' }
      }
      cursor = next
    } while (cursor !== '0')
  }

  #call(action: string, command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#connection.call(action, command, ...args)
  }
}

/** A scan may return a field twice while its hash grows: the later reading stands. */
function latest(records: readonly StoredRecord[]): StoredRecord[] {
  return [...new Map(records.map((record) => [`${record.kind} ${record.key}`, record])).values()]
}

function* chunksOf(records: readonly StoredChange[]): Iterable<readonly StoredChange[]> {
  let chunk: StoredChange[] = []
  let bytes = 0
  for (const record of records) {
    const size = sizeOf([record])
    if (chunk.length > 0 && (bytes + size > MAX_INCREMENT_BYTES || chunk.length >= MAX_INCREMENT_CHANGES)) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(record)
    bytes += size
  }
  if (chunk.length > 0) yield chunk
}

function randomText(random: Random): string {
  return Math.floor(random() * 2 ** 48).toString(36)
}
