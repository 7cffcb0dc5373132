import { type Bundle, buildBundle } from '../registry/bundle.ts'
import { applyChange, HashTree } from '../registry/hash-tree.ts'
import type { Head } from '../registry/head.ts'
import { ownerOf, recordId } from '../registry/owner.ts'
import type { StoredChange, StoredRecord } from '../registry/port.ts'

/** Every record of a registry at one head, by the leaf of the hash tree that it is in. */
export class Holding {
  readonly #leaves = new Map<string, Map<string, StoredRecord>>()
  readonly #tree = new HashTree()
  #head: Head

  constructor(records: readonly StoredRecord[], head: Head) {
    for (const record of records) this.#set(record)
    this.#head = this.#hashed(head)
  }

  get head(): Head {
    return this.#head
  }

  apply(changes: readonly StoredChange[], head: Head): void {
    for (const change of changes) this.#set(change)
    this.#head = this.#hashed(head)
  }

  /** All records as they are now. */
  records(): StoredRecord[] {
    return [...this.#leaves.values()].flatMap((leaf) => [...leaf.values()])
  }

  /** @throws RegistryError when a record on the way cannot be read */
  bundle(host: string): Bundle {
    return buildBundle(host, this.#head, this.#tree, (owner) => [
      ...(this.#leaves.get(owner)?.values() ?? []),
    ])
  }

  /** Hashes what changed now: the first client to ask should not wait for it. */
  #hashed(head: Head): Head {
    this.#tree.root()
    return head
  }

  #set(change: StoredChange): void {
    applyChange(this.#tree, change)
    const { kind, key, text } = change
    const owner = ownerOf(kind, key)
    const leaf = this.#leaves.get(owner) ?? new Map<string, StoredRecord>()
    if (text === null) leaf.delete(recordId(kind, key))
    else leaf.set(recordId(kind, key), { kind, key, text })
    if (leaf.size === 0) this.#leaves.delete(owner)
    else this.#leaves.set(owner, leaf)
  }
}
