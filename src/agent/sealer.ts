import type { RecordChange } from '../compile/compilation.ts'
import { asError } from '../model/as-error.ts'
import { parseRecord } from '../model/parse-record.ts'
import type { SecretPart } from '../model/secret-part.ts'
import type { PublicKey } from '../registry/keys/key.ts'
import { recordId } from '../registry/owner.ts'
import type { StoredRecord } from '../registry/port.ts'
import { encryptText } from '../registry/sealing/jwe.ts'
import { type TagKey, tagOf } from '../registry/sealing/tag.ts'
import { hasSecret, type SecretChange, secretOf, withSecret } from './secret-change.ts'

export interface SealerOptions {
  readonly cluster: string
  /** Public keys of the gateways: any one of them opens. */
  readonly recipients: readonly PublicKey[]
  readonly tagKey: TagKey
  /** What a registry holds of the kinds with secrets; asked once, for what an agent before this one has sealed. */
  readonly held: () => Promise<readonly StoredRecord[]>
  readonly onTrouble: (error: Error) => void
}

interface Sealed {
  /** Of content, record and keys. */
  readonly fingerprint: string
  readonly part: SecretPart
}

/**
 * Seals secret parts to the gateways before they are published. What is sealed already, for the same keys, stays as it is:
 * here by what it was made of, and in the registry by its tag, which nobody can make who has not the agents' key.
 */
export class Sealer {
  readonly #options: SealerOptions
  readonly #kids: string
  readonly #sealed = new Map<string, Sealed>()
  /** Parts of another agent's making, until they are asked for. */
  #held: Promise<Map<string, SecretPart>> | undefined

  constructor(options: SealerOptions) {
    this.#options = options
    this.#kids = options.recipients
      .map(({ id }) => id)
      .sort()
      .join(' ')
  }

  /** The same changes in the same order. Never rejects: a record that cannot be sealed is left out, and that is told. */
  async seal(changes: readonly RecordChange[]): Promise<readonly RecordChange[]> {
    const sealed: RecordChange[] = []
    for (const change of changes)
      sealed.push(hasSecret(change) ? await this.#seal(change) : this.#pass(change))
    return sealed
  }

  #pass(change: RecordChange): RecordChange {
    this.#sealed.delete(recordId(change.kind, change.key))
    return change
  }

  async #seal(change: SecretChange): Promise<RecordChange> {
    const { kind, key } = change
    const part = secretOf(change)
    if (part.form === 'sealed') return change
    try {
      return withSecret(change, await this.#sealText(part.text, recordId(kind, key)))
    } catch (cause) {
      this.#options.onTrouble(new Error(`Cannot seal ${kind} ${key}: it is not published`, { cause }))
      return { kind, key, value: null }
    }
  }

  async #sealText(text: string, id: string): Promise<SecretPart> {
    const { tagKey, cluster, recipients } = this.#options
    const fingerprint = tagOf(tagKey, cluster, id, this.#kids, text)
    const known = this.#sealed.get(id)
    if (known?.fingerprint === fingerprint) return known.part
    let part = await this.#heldPart(id, fingerprint)
    if (part === undefined) {
      const jwe = await encryptText(text, cluster, id, recipients)
      part = { form: 'sealed', tag: this.#tagOf(jwe, fingerprint), jwe }
    }
    this.#sealed.set(id, { fingerprint, part })
    return part
  }

  /** Over the sealed text too: another one under a true tag would be published on. */
  #tagOf(jwe: string, fingerprint: string): string {
    return tagOf(this.#options.tagKey, fingerprint, jwe)
  }

  async #heldPart(id: string, fingerprint: string): Promise<SecretPart | undefined> {
    this.#held ??= this.#readHeld()
    const held = await this.#held
    const part = held.get(id)
    held.delete(id)
    return part?.form === 'sealed' && part.tag === this.#tagOf(part.jwe, fingerprint) ? part : undefined
  }

  async #readHeld(): Promise<Map<string, SecretPart>> {
    const parts = new Map<string, SecretPart>()
    try {
      for (const { kind, key, text } of await this.#options.held()) {
        const parsed = parseRecord(kind, key, text)
        if (parsed.ok && hasSecret(parsed.record)) parts.set(recordId(kind, key), secretOf(parsed.record))
      }
    } catch (error) {
      this.#options.onTrouble(asError(error))
    }
    return parts
  }
}
