import { Compilation, type ObjectChange, type RecordChange } from '../compile/compilation.ts'
import type { CompileOptions, ServiceExposure } from '../compile/output.ts'
import { encodeCanonical } from '../model/canonical.ts'
import type { KubeObject } from '../model/objects/object.ts'
import type { Problem } from '../model/problem.ts'
import type { StoredChange } from '../registry/port.ts'
import type { Publisher } from '../registry/publisher.ts'
import { Sealer } from './sealer.ts'
import { WithheldSecrets } from './withheld-secrets.ts'

export interface AgentOptions {
  readonly compile: CompileOptions
  readonly publisher: Publisher
  /**
   * What becomes of secrets: sealed to the gateways, published open (to a registry that never leaves this process), or,
   * by default, withheld.
   */
  readonly secrets?: Sealer | 'open' | undefined
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
  readonly #secrets: Sealer | 'open' | WithheldSecrets
  readonly #onProblems: NonNullable<AgentOptions['onProblems']>
  readonly #onServices: NonNullable<AgentOptions['onServices']>
  readonly #sync: SyncObserver | undefined
  /** Sealing takes time: what was compiled later goes out later. */
  #sealing: Promise<unknown> = Promise.resolve()

  constructor(options: AgentOptions) {
    const { compile, publisher, secrets, onProblems = () => {}, onServices = () => {}, sync } = options
    this.#compilation = new Compilation(compile)
    this.#publisher = publisher
    this.#secrets = secrets ?? new WithheldSecrets()
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
    const compiled = this.#withhold(this.#compilation.apply(changes))
    this.#onProblems(compiled.flatMap((change) => this.#problemsOf(change)))
    this.#onServices(this.#compilation.takeServices())
    const observer = this.#sync?.began(receivedAt)
    const traceparent = observer?.traceparent
    const news = { receivedAt, ...(traceparent !== undefined && { traceparent }) }
    let written: number | undefined
    try {
      const sealed = await this.#seal(compiled)
      written = await this.#publisher.publish(sealed.map(storeChange), observedAt, news)
      return written
    } finally {
      observer?.ended(written)
    }
  }

  /** An object as it was applied last, by kind/namespace/name. */
  object(key: string): KubeObject | undefined {
    return this.#compilation.object(key)
  }

  /** At once, and not when it is published: what is compiled next must find its problems. */
  #withhold(compiled: readonly RecordChange[]): readonly RecordChange[] {
    if (!(this.#secrets instanceof WithheldSecrets)) return compiled
    const { changes, problems } = this.#secrets.take(compiled)
    if (problems === undefined) return changes
    return [...changes, ...this.#compilation.apply([{ type: 'found', facet: 'secrets', problems }])]
  }

  async #seal(compiled: readonly RecordChange[]): Promise<readonly RecordChange[]> {
    const secrets = this.#secrets
    if (!(secrets instanceof Sealer)) return compiled
    const sealed = this.#sealing.then(() => secrets.seal(compiled))
    this.#sealing = sealed
    return await sealed
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
