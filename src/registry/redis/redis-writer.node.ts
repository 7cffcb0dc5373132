import { createHash } from 'node:crypto'
import * as v from 'valibot'
import type { Random } from '../../model/clock.ts'
import {
  MAX_INCREMENT_BYTES,
  MAX_INCREMENT_CHANGES,
  type Publish,
  type PublishResult,
  RegistryError,
  type RegistryWriter,
  type StoredChange,
  sizeOf,
} from '../port.ts'
import type { RedisConnection } from './connection.node.ts'
import type { RedisKeys } from './keys.ts'
import { PUBLISH_SCRIPT } from './publish-script.ts'

export interface RedisWriterOptions {
  readonly connection: RedisConnection
  readonly keys: RedisKeys
  readonly random: Random
  readonly maxStreamBytes: number
  readonly maxStreamAgeMs: number
}

/** Staged hashes of a writer that died vanish by themselves. */
const STAGING_SECONDS = 600
const STAGE_SCRIPT = `
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('EXPIRE', KEYS[1], ARGV[1])`
const SCRIPT_SHA = createHash('sha1').update(PUBLISH_SCRIPT).digest('hex')

const scriptReply = v.union([
  v.tuple([v.literal(1)]),
  v.strictTuple([v.literal(0)]),
  v.strictTuple([v.literal(0), v.string(), v.string()]),
  v.tuple([v.picklist([-1, -2]), v.string()]),
])

/** Publishes to Redis: by one script, or staged first when that would be too large. */
export class RedisWriter implements RegistryWriter {
  readonly #options: RedisWriterOptions

  constructor(options: RedisWriterOptions) {
    this.#options = options
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

  /** Writes the records under keys that nobody reads, then puts them in force by one small script. */
  async #publishStaged(publish: Publish): Promise<PublishResult> {
    const { epoch, revision } = publish.head.position
    // Another writer at the same position must not write into ours.
    const { keys, random, connection } = this.#options
    const staging = `${keys.staged}${epoch}-${revision}-${randomText(random)}:`
    const byKind = Map.groupBy(
      publish.changes.filter((change) => change.text !== null),
      (change) => change.kind,
    )
    const args: string[] = []
    for (const [kind, records] of byKind) {
      const key = staging + kind
      for (const chunk of chunksOf(records)) {
        const fields = chunk.flatMap((record) => [record.key, record.text ?? ''])
        // An agent that dies in between leaves nothing behind for good: the key expires from its first field on.
        await connection.call(`stage ${key}`, 'EVAL', STAGE_SCRIPT, 1, key, STAGING_SECONDS, ...fields)
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
    const { keys, maxStreamBytes, maxStreamAgeMs } = this.#options
    const { head: headKey, kinds, changes, records } = keys
    const { text } = head
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
      return await this.#options.connection.call(action, 'EVALSHA', SCRIPT_SHA, ...args)
    } catch (error) {
      // A Redis that was restarted, or has never seen us.
      if (!(error instanceof RegistryError) || !error.message.includes('NOSCRIPT')) throw error
      return await this.#options.connection.call(action, 'EVAL', PUBLISH_SCRIPT, ...args)
    }
  }
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
