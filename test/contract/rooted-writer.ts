import { applyChange, HashTree } from '../../src/registry/hash-tree.ts'
import { recordId } from '../../src/registry/owner.ts'
import type {
  Publish,
  PublishResult,
  RegistryWriter,
  StoredChange,
  StoredRecord,
} from '../../src/registry/port.ts'
import { signer } from '../support/keys.ts'

/** Signs in each head the root of what the registry will hold, as a publisher does: drivers check both. */
export class RootedWriter implements RegistryWriter {
  readonly #writer: RegistryWriter
  #records = new Map<string, StoredRecord>()

  constructor(writer: RegistryWriter) {
    this.#writer = writer
  }

  async publish(publish: Publish): Promise<PublishResult> {
    const isAnew = publish.isWhole || publish.expected === undefined
    const records = new Map(isAnew ? [] : this.#records)
    for (const change of publish.changes) put(records, change)
    const { text: _, ...statement } = publish.head
    const head = await signer.write({ ...statement, root: rootOf([...records.values()]) })
    const result = await this.#writer.publish({ ...publish, head })
    if (result.ok) this.#records = records
    return result
  }
}

export function rootOf(records: readonly StoredRecord[]): string {
  const tree = new HashTree()
  for (const record of records) applyChange(tree, record)
  return tree.root()
}

function put(records: Map<string, StoredRecord>, { kind, key, text }: StoredChange): void {
  if (text === null) records.delete(recordId(kind, key))
  else records.set(recordId(kind, key), { kind, key, text })
}
