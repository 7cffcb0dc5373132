import { Compilation, type ObjectChange, type RecordChange } from '../compile/compilation.ts'
import type { CompileOptions, ServiceExposure } from '../compile/output.ts'
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
  /** Told of the Services that changed, or of which it may have changed whether they are exposed. */
  readonly onServices?: (changed: readonly ServiceExposure[]) => void
  /** Measures publishes. */
  readonly sync?: SyncObserver
}

/** Told of each publish. */
export interface SyncObserver {
  /** @param receivedAt when the first of the changes was heard of, ms since the Unix epoch */
  began(receivedAt: number): PublishObserver
}

export interface PublishObserver {
  /** The publish's span, for those who carry it on; undefined when nobody keeps it. */
  readonly traceparent: string | undefined
  /** @param records how many were written; undefined when it failed */
  ended(records: number | undefined): void
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
  readonly #onServices: NonNullable<AgentOptions['onServices']>
  readonly #sync: SyncObserver | undefined

  constructor({ compile, publisher, onProblems = () => {}, onServices = () => {}, sync }: AgentOptions) {
    this.#compilation = new Compilation(compile)
    this.#publisher = publisher
    this.#onProblems = onProblems
    this.#onServices = onServices
    this.#sync = sync
  }

  /**
   * @param observedAt the oldest moment (ms since the Unix epoch) at which everything seen was known to be true
   * @param receivedAt when the first of the changes was heard of, ms since the Unix epoch
   * @returns how many records were written
   * @throws RegistryError when the registry cannot be written; what was compiled goes out with the next publish
   */
  async apply(
    changes: Iterable<ObjectChange>,
    observedAt: number,
    receivedAt: number = observedAt,
  ): Promise<number> {
    const compiled = this.#compilation.apply(changes)
    this.#onProblems(compiled.flatMap((change) => this.#problemsOf(change)))
    this.#onServices(this.#compilation.takeServices())
    const observer = this.#sync?.began(receivedAt)
    const traceparent = observer?.traceparent
    const news = { receivedAt, ...(traceparent !== undefined && { traceparent }) }
    let written: number | undefined
    try {
      written = await this.#publisher.publish(compiled.map(storeChange), observedAt, news)
      return written
    } finally {
      observer?.ended(written)
    }
  }

  /** An object as it was applied last, by kind/namespace/name. */
  object(key: string): KubeObject | undefined {
    return this.#compilation.object(key)
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
