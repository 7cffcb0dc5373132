import { Compilation, type ObjectChange, type RecordChange } from '../compile/compilation.ts'
import type { CompileOptions } from '../compile/output.ts'
import { encodeCanonical } from '../model/canonical.ts'
import type { StoredChange } from '../registry/port.ts'
import type { Publisher } from '../registry/publisher.ts'

export interface AgentOptions {
  readonly compile: CompileOptions
  readonly publisher: Publisher
}

/** Changes of objects in, records out: compiles what they touch and publishes what came of it. */
export class Agent {
  readonly #compilation: Compilation
  readonly #publisher: Publisher

  constructor({ compile, publisher }: AgentOptions) {
    this.#compilation = new Compilation(compile)
    this.#publisher = publisher
  }

  /**
   * @param observedAt the oldest moment (ms since the Unix epoch) at which everything seen was known to be true
   * @returns how many records were written
   * @throws RegistryError when the registry cannot be written; what was compiled goes out with the next publish
   */
  apply(changes: Iterable<ObjectChange>, observedAt: number): Promise<number> {
    return this.#publisher.publish(this.#compilation.apply(changes).map(storeChange), observedAt)
  }
}

function storeChange(change: RecordChange): StoredChange {
  const { kind, key, value } = change
  return { kind, key, text: value === null ? null : encodeCanonical(value) }
}
