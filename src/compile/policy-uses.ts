import type { RecordChange } from './compilation.ts'
import type { PolicySet } from './network-policy.ts'

interface Held {
  readonly set: PolicySet
  /** How many slices name it. */
  uses: number
}

/** Policy records: written with the first slice that names them, deleted with the last. */
export class PolicyUses {
  readonly #held = new Map<string, Held>()
  /** Those of which uses may have begun or ended, and whether they were in use before. */
  readonly #touched = new Map<string, boolean>()

  /** The set that is held for this one: Pods with the same answer share it. */
  hold(set: PolicySet): PolicySet {
    const held = this.#held.get(set.key)
    if (held !== undefined) return held.set
    this.#held.set(set.key, { set, uses: 0 })
    this.#touched.set(set.key, false)
    return set
  }

  /** A slice names other sets than before, each once. Those that it names now are held. */
  move(before: readonly string[], after: readonly string[]): void {
    // Those that stay are never without a use in between.
    for (const key of after) this.#use(key, 1)
    for (const key of before) this.#use(key, -1)
  }

  /** Tells which records came and went since the last time. */
  settle(out: RecordChange[]): void {
    for (const [key, wasUsed] of this.#touched) {
      const held = this.#held.get(key)
      const isUsed = held !== undefined && held.uses > 0
      if (isUsed && !wasUsed) out.push({ kind: 'policy', key, value: held.set.record })
      if (!isUsed && wasUsed) out.push({ kind: 'policy', key, value: null })
      if (!isUsed) this.#held.delete(key)
    }
    this.#touched.clear()
  }

  #use(key: string, by: 1 | -1): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    if (!this.#touched.has(key)) this.#touched.set(key, held.uses > 0)
    held.uses += by
  }
}
