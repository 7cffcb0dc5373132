import type { ObjectChange } from '../../compile/compilation.ts'
import type { SecretReference } from '../../compile/secrets/reference.ts'
import type { Withheld } from '../../compile/secrets/referrer.ts'
import type { Clock, Random, Timers } from '../../model/clock.ts'
import { objectKey } from '../../model/objects/object.ts'
import type { Service } from '../../model/objects/service.ts'
import { pause } from '../../model/pause.ts'
import type { KubeApi } from '../cluster/kube-api.ts'
import { KubeError } from '../cluster/kube-error.ts'
import { Reflector } from '../cluster/reflector.ts'
import { secretKind } from './secret-kind.ts'
import { SharedReads } from './shared-reads.ts'

/** Certificates are judged by the time so often. */
const HOUR_MS = 3_600_000
const FORBIDDEN = 403

/** The Secrets and ConfigMaps that a Service needs. */
export type ReferencesOf = (service: Service) => readonly SecretReference[]

export interface SecretWatchOptions {
  readonly api: Pick<KubeApi, 'list' | 'watch'>
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly referencesOf: ReferencesOf
  readonly maxWatches?: number
  readonly onChange: (change: ObjectChange) => void
  /** One of those that were awaited has been read, may not be read, or is not named any more. */
  readonly onSettled: () => void
  readonly onTrouble: (error: Error) => void
}

interface Watched {
  readonly reference: SecretReference
  readonly stop: AbortController
  withheld: Withheld | undefined
}

/**
 * Watches the Secrets and ConfigMaps that Services name, each by its own name, so that the agent needs no right to see
 * any other: `list` and `watch` of that name, by a Role in its namespace. One that may not be read is a problem of the
 * Services that name it, and keeps nothing else back.
 */
export class SecretWatch {
  readonly #options: SecretWatchOptions
  readonly #reads: SharedReads
  /** What a Service (its key) names, by key. */
  readonly #named = new Map<string, ReadonlyMap<string, SecretReference>>()
  /** How many Services name it, by key. */
  readonly #counts = new Map<string, number>()
  readonly #watched = new Map<string, Watched>()
  readonly #awaited = new Set<string>()
  readonly #running = new Set<Promise<void>>()
  #signal: AbortSignal | undefined

  constructor(options: SecretWatchOptions) {
    this.#options = options
    this.#reads = new SharedReads(options)
  }

  /** How many have been asked for, and neither read nor refused. */
  get awaited(): number {
    return this.#awaited.size
  }

  /** Takes note of a Service: what it names is watched from now on, what nobody names any more is not. */
  note(change: ObjectChange): void {
    if (change.type === 'put' && change.object.kind === 'Service') {
      const { namespace, name } = change.object.meta
      this.#name(objectKey('Service', namespace, name), this.#options.referencesOf(change.object))
    }
    if (change.type === 'delete' && this.#named.has(change.key)) this.#name(change.key, [])
  }

  /** Watches until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    for (const watched of this.#watched.values()) this.#start(watched, signal)
    while (!signal.aborted) {
      this.#options.onChange({ type: 'time', at: this.#options.clock.now() })
      await pause(HOUR_MS, this.#options.timers, signal)
    }
    await Promise.all(this.#running)
  }

  #name(service: string, references: readonly SecretReference[]): void {
    const before = this.#named.get(service) ?? new Map<string, SecretReference>()
    const after = new Map(references.map((reference) => [keyOf(reference), reference]))
    if (after.size === 0) this.#named.delete(service)
    else this.#named.set(service, after)
    for (const [key, reference] of after) if (!before.has(key)) this.#count(key, reference, 1)
    for (const [key, reference] of before) if (!after.has(key)) this.#count(key, reference, -1)
  }

  #count(key: string, reference: SecretReference, by: 1 | -1): void {
    const count = (this.#counts.get(key) ?? 0) + by
    if (count === 0) this.#counts.delete(key)
    else this.#counts.set(key, count)
    if (count === 1 && by === 1) this.#add(key, reference)
    if (count === 0) this.#remove(key)
  }

  #add(key: string, reference: SecretReference): void {
    const watched: Watched = { reference, stop: new AbortController(), withheld: undefined }
    this.#watched.set(key, watched)
    this.#awaited.add(key)
    this.#withhold(key, watched, 'unread')
    if (this.#signal !== undefined) this.#start(watched, this.#signal)
  }

  #remove(key: string): void {
    const { onChange } = this.#options
    this.#watched.get(key)?.stop.abort()
    this.#watched.delete(key)
    onChange({ type: 'delete', key })
    onChange({ type: 'found', facet: `object ${key}`, problems: [] })
    onChange({ type: 'withheld', key, reason: undefined })
    this.#settle(key)
  }

  #start(watched: Watched, signal: AbortSignal): void {
    const key = keyOf(watched.reference)
    const isCurrent = (): boolean => this.#watched.get(key) === watched
    const reflector = new Reflector({
      ...this.#options,
      api: this.#reads,
      kind: secretKind(watched.reference),
      onChange: (change) => {
        if (isCurrent()) this.#options.onChange(change)
      },
      onListing: () => {},
      onListed: () => {
        if (!isCurrent()) return
        this.#withhold(key, watched, undefined)
        this.#settle(key)
      },
      onTrouble: (error) => {
        if (!isCurrent()) return
        if (!(error instanceof KubeError) || error.status !== FORBIDDEN) return this.#options.onTrouble(error)
        this.#withhold(key, watched, 'forbidden')
        this.#settle(key)
      },
    })
    const running = reflector
      .run(AbortSignal.any([signal, watched.stop.signal]))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  #withhold(key: string, watched: Watched, reason: Withheld | undefined): void {
    if (watched.withheld === reason) return
    watched.withheld = reason
    this.#options.onChange({ type: 'withheld', key, reason })
  }

  #settle(key: string): void {
    if (this.#awaited.delete(key)) this.#options.onSettled()
  }
}

function keyOf({ kind, namespace, name }: SecretReference): string {
  return objectKey(kind, namespace, name)
}
