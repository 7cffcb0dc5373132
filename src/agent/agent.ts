import { Compilation, type ObjectChange, type RecordChange } from '../compile/compilation.ts'
import type { CompileOptions } from '../compile/output.ts'
import { encodeCanonical } from '../model/canonical.ts'
import type { Clock } from '../model/clock.ts'
import type { KubeObject } from '../model/objects/object.ts'
import type { Problem } from '../model/problem.ts'
import type { StoredChange } from '../registry/port.ts'
import type { Publisher } from '../registry/publisher.ts'

/** All objects of a source at one moment, and what it could not read. */
export interface Observation {
  readonly objects: ReadonlyMap<string, KubeObject>
  readonly problems: readonly Problem[]
}

export interface AgentOptions {
  readonly compile: CompileOptions
  readonly publisher: Publisher
  readonly clock: Clock
}

/** Objects in, records out: compiles what changed between two observations and publishes it. */
export class Agent {
  readonly #compilation: Compilation
  readonly #options: AgentOptions
  #seen: ReadonlyMap<string, KubeObject> = new Map()
  #texts = new Map<string, string>()

  constructor(options: AgentOptions) {
    this.#options = options
    this.#compilation = new Compilation(options.compile)
  }

  /** @returns how many records were written. @throws RegistryError when the registry cannot be written. */
  observe(observation: Observation): Promise<number> {
    const { publisher, clock } = this.#options
    const changes = this.#compilation.apply(this.#diff(observation))
    return publisher.publish(changes.map(storeChange), clock.now())
  }

  *#diff({ objects, problems }: Observation): Iterable<ObjectChange> {
    const texts = new Map<string, string>()
    for (const key of this.#seen.keys()) if (!objects.has(key)) yield { type: 'delete', key }
    for (const [key, object] of objects) {
      const text = JSON.stringify(object)
      texts.set(key, text)
      if (this.#texts.get(key) !== text) yield { type: 'put', object }
    }
    yield { type: 'found', facet: 'source', problems }
    this.#seen = objects
    this.#texts = texts
  }
}

function storeChange(change: RecordChange): StoredChange {
  const { kind, key, value } = change
  return { kind, key, text: value === null ? null : encodeCanonical(value) }
}
