import { Compilation, type ObjectChange, type RecordChange } from '../compile/compilation.ts'
import type { CompileOptions } from '../compile/output.ts'
import { encodeCanonical } from '../model/canonical.ts'
import type { KubeObject } from '../model/objects/object.ts'
import type { Problem } from '../model/problem.ts'
import type { StoredChange } from '../registry/port.ts'
import type { Publisher } from '../registry/publisher.ts'

export interface AgentOptions {
  readonly compile: CompileOptions
  readonly publisher: Publisher
  /** Told of the objects whose problems may have changed, before they are published. */
  readonly onProblems?: (changed: readonly ObjectProblems[]) => void
}

/** All that is wrong with one object now. */
export interface ObjectProblems {
  /** kind/namespace/name */
  readonly key: string
  /** Undefined when it is not there, or cannot be read. */
  readonly object: KubeObject | undefined
  readonly problems: readonly Problem<string>[]
}

/** Changes of objects in, records out: compiles what they touch and publishes what came of it. */
export class Agent {
  readonly #compilation: Compilation
  readonly #publisher: Publisher
  readonly #onProblems: NonNullable<AgentOptions['onProblems']>

  constructor({ compile, publisher, onProblems = () => {} }: AgentOptions) {
    this.#compilation = new Compilation(compile)
    this.#publisher = publisher
    this.#onProblems = onProblems
  }

  /**
   * @param observedAt the oldest moment (ms since the Unix epoch) at which everything seen was known to be true
   * @returns how many records were written
   * @throws RegistryError when the registry cannot be written; what was compiled goes out with the next publish
   */
  apply(changes: Iterable<ObjectChange>, observedAt: number): Promise<number> {
    const compiled = this.#compilation.apply(changes)
    this.#onProblems(compiled.flatMap((change) => this.#problemsOf(change)))
    return this.#publisher.publish(compiled.map(storeChange), observedAt)
  }

  #problemsOf(change: RecordChange): ObjectProblems[] {
    if (change.kind !== 'problem') return []
    const { key, value } = change
    return [{ key, object: this.#compilation.object(key), problems: value ?? [] }]
  }
}

function storeChange(change: RecordChange): StoredChange {
  const { kind, key, value } = change
  return { kind, key, text: value === null ? null : encodeCanonical(value) }
}
