import { normaliseIp } from '../model/address.ts'
import type { NodeRecord } from '../model/records.ts'

/** The Nodes of a table, by name and by address. */
export class NodeBook {
  readonly #byName = new Map<string, NodeRecord>()
  /** Of every Node, normalised; made when it is asked for. */
  #addresses: ReadonlySet<string> | undefined

  get all(): ReadonlyMap<string, NodeRecord> {
    return this.#byName
  }

  /** Null takes the Node away. */
  put(name: string, node: NodeRecord | null): void {
    if (node === null) this.#byName.delete(name)
    else this.#byName.set(name, node)
    this.#addresses = undefined
  }

  /** Whether an address (normalised) is a Node's, whatever state the Node is in. */
  holds(address: string): boolean {
    this.#addresses ??= new Set(
      [...this.#byName.values()].flatMap(({ addresses }) =>
        addresses.flatMap((each) => normaliseIp(each) ?? []),
      ),
    )
    return this.#addresses.has(address)
  }
}
