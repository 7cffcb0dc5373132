import { encodeCanonical } from '../model/canonical.ts'
import type { Node } from '../model/objects/node.ts'
import type { NodeRecord } from '../model/records.ts'
import { compileNode } from './node.ts'

/** The Nodes, as gateways know them. */
export class KnownNodes {
  readonly #records = new Map<string, NodeRecord>()

  /** @returns whether anything changed that a gateway goes by: most of a Node's events are heartbeats */
  replace(name: string, node: Node | undefined): boolean {
    const before = this.#records.get(name)
    const after = node && compileNode(node)
    if (after === undefined) return this.#records.delete(name)
    this.#records.set(name, after)
    return before === undefined || encodeCanonical(before) !== encodeCanonical(after)
  }

  get all(): ReadonlyMap<string, NodeRecord> {
    return this.#records
  }
}
