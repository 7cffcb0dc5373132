import { ByName } from '../model/objects/by-name.ts'
import { comparePositions, formatPosition, type Position } from '../model/position.ts'
import type { Digest } from './digest.ts'
import { applyChange, HashTree } from './hash-tree.ts'
import type { Head } from './head.ts'
import { type Entry, RegistryError, type StoredChange, type StoredRecord } from './port.ts'

/** What a follower holds of a registry: enough to check each change against its head. */
export class Replica {
  readonly #tree: HashTree
  /** Needed until they are taken; from then on the digests in the tree are enough. */
  #texts: ByName<string> | undefined = new ByName()
  #position: Position

  constructor(records: readonly StoredRecord[], position: Position, digest?: Digest) {
    this.#tree = new HashTree(digest)
    this.#position = position
    for (const record of records) this.#set(record)
  }

  /** @throws RegistryError when the entry does not follow on from what is held. */
  apply(changes: readonly StoredChange[], { head, previous }: Entry): void {
    if (comparePositions(previous, this.#position) !== 0) {
      const names = `${formatPosition(head.position)} follows ${formatPosition(previous)}`
      throw new RegistryError(
        'invalid',
        `Cannot apply entry: ${names}, not ${formatPosition(this.#position)}`,
      )
    }
    for (const change of changes) this.#set(change)
    this.#position = head.position
  }

  /** @throws RegistryError when the records are not the ones that the head states. */
  verify(head: Head): void {
    if (this.#tree.root() === head.root) return
    throw new RegistryError('invalid', `Records do not fit the head at ${formatPosition(head.position)}`)
  }

  /** The records held; they are let go. */
  takeRecords(): readonly StoredRecord[] {
    const texts = [...(this.#texts?.entries() ?? [])]
    this.#texts = undefined
    return texts.map(([kind, key, text]) => ({ kind, key, text }))
  }

  #set(change: StoredChange): void {
    const { kind, key, text } = change
    applyChange(this.#tree, change)
    if (text === null) this.#texts?.delete(kind, key)
    else this.#texts?.set(kind, key, text)
  }
}
