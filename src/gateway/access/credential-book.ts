import type { Clock } from '../../model/clock.ts'
import type { CredentialRecord } from '../../model/credential-records.ts'
import { readCredential } from '../../model/credential-texts.ts'
import type { OpenSecret } from '../../model/secret-part.ts'
import type { Digest } from '../../registry/digest.ts'
import { recordId } from '../../registry/owner.ts'
import { BoundedMap } from '../bounded-map.ts'
import { KeySet } from '../tokens/key-set.ts'

/** A credential record, and its key. */
export interface Credential {
  readonly key: string
  readonly record: CredentialRecord
}

/** What a credential holds, ready to be asked. */
export type Opened =
  /** Ids by the digest of the key's digest. */
  | { readonly type: 'api-keys'; readonly ids: ReadonlyMap<string, string> }
  /** Hashes by user. */
  | { readonly type: 'basic'; readonly hashes: ReadonlyMap<string, string> }
  | { readonly type: 'jwks'; readonly keys: KeySet }
  /** It cannot be opened, or holds nothing of use here. */
  | { readonly type: 'unreadable'; readonly until: number }

export interface CredentialBookOptions {
  readonly open: OpenSecret
  readonly digest: Digest
  /** Known to this process alone. */
  readonly salt: string
  readonly clock: Pick<Clock, 'elapsed'>
  readonly onTrouble: (error: Error) => void
}

const BOUNDS = { maxCount: 2_000, maxBytes: 64 * 1024 * 1024 }
/** Objects take about so many times the room of their text. */
const TEXT_FACTOR = 4
/** What could not be opened is tried again after this. */
const RETRY_MS = 5_000

/** What credentials hold: opened when a request first needs them, and for as long as they say the same. */
export class CredentialBook {
  readonly #options: CredentialBookOptions
  readonly #opened = new BoundedMap<Opened>(BOUNDS)
  readonly #versions = new WeakMap<CredentialRecord, string>()

  constructor(options: CredentialBookOptions) {
    this.#options = options
  }

  /** The same for as long as a credential says the same, also when its record is read again. */
  versionOf({ key, record }: Credential): string {
    const known = this.#versions.get(record)
    if (known !== undefined) return known
    const version = this.#options.digest(JSON.stringify([key, record]))
    this.#versions.set(record, version)
    return version
  }

  /** What a credential holds; undefined when it has to be opened first. */
  peek(credential: Credential): Opened | undefined {
    const opened = this.#opened.peek(this.versionOf(credential))
    const isOver = opened?.type === 'unreadable' && this.#options.clock.elapsed() >= opened.until
    return isOver ? undefined : opened
  }

  /** Resolves once it is known what a credential holds. Never rejects. */
  async open(credential: Credential): Promise<Opened> {
    const held = this.peek(credential)
    if (held !== undefined) return held
    const { key, record } = credential
    const { open, clock, onTrouble } = this.#options
    let opened: Opened
    let bytes = 0
    try {
      const text = await open(record.secret, recordId('credential', key))
      bytes = TEXT_FACTOR * text.length
      opened = this.#read(record.type, text)
    } catch (cause) {
      opened = { type: 'unreadable', until: clock.elapsed() + RETRY_MS }
      onTrouble(new Error(`Cannot open credential ${key}`, { cause }))
    }
    this.#opened.set(this.versionOf(credential), opened, bytes)
    return opened
  }

  /** The id of an API key; undefined when there is no such key. Where it is looked for depends on nothing that a client knows. */
  idOf({ ids }: Extract<Opened, { type: 'api-keys' }>, apiKey: string): string | undefined {
    return ids.get(this.#salted(this.#options.digest(apiKey)))
  }

  #salted(digest: string): string {
    return this.#options.digest(this.#options.salt + digest)
  }

  /** @throws Error that says nothing of the content */
  #read(type: CredentialRecord['type'], text: string): Opened {
    if (type === 'api-keys') {
      const read = readCredential('api-keys', text)
      if (read === undefined) throw new Error('it holds no API keys')
      return { type, ids: new Map(read.keys.map(({ id, sha256 }) => [this.#salted(sha256), id])) }
    }
    if (type === 'basic') {
      const read = readCredential('basic', text)
      if (read === undefined) throw new Error('it holds no users')
      return { type, hashes: new Map(read.users.map(({ name, hash }) => [name, hash])) }
    }
    if (type === 'jwks' && readCredential('jwks', text) !== undefined) return { type, keys: new KeySet(text) }
    throw new Error(`its type "${type}" is none that clients are asked for, or it does not fit it`)
  }
}
