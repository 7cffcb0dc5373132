import type { ObjectChange } from '../../compile/compilation.ts'
import { asError } from '../../model/as-error.ts'
import type { Clock, Random, Timer, Timers } from '../../model/clock.ts'
import type { KubeObject } from '../../model/objects/object.ts'
import { type ReferencesOf, SecretWatch } from '../secrets/secret-watch.ts'
import { watchedKinds } from './kinds.ts'
import type { KubeApi } from './kube-api.ts'
import { Reflector } from './reflector.ts'
import { changeKey, SliceHold } from './slice-hold.ts'

/** How long changes are gathered: a rollout changes a Pod and its slice together. */
const SETTLE_MS = 10
/** So long the first batch waits for the Secrets that Services name: without them an agent's start would take them away. */
const SECRETS_MS = 30_000

export interface ClusterWatchOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /**
   * Takes a batch of changes, the first of which was heard of at `receivedAt` (ms since the Unix epoch). One at a time:
   * the next batch waits for its promise, and gathers meanwhile.
   */
  readonly onChanges: (changes: readonly ObjectChange[], receivedAt: number) => Promise<void>
  /** An object as `onChanges` was given it last, by kind/namespace/name: see SliceHold. */
  readonly given?: (key: string) => KubeObject | undefined
  /** How many ms after its cause (a Pod that became ready) an EndpointSlice was heard of; causes are told in whole seconds. */
  readonly onTriggered?: (lagMs: number) => void
  /** Lists are about to be read, and what they brought has been given: until then much is read of which little is kept. */
  readonly onListing?: (isListing: boolean) => void
  readonly onTrouble: (error: Error) => void
  /** Tells which Secrets and ConfigMaps are to be watched; without it, none is. */
  readonly referencesOf?: ReferencesOf
}

/** Watches everything in a cluster that matters, and gives nothing before every kind has been listed whole. */
export class ClusterWatch {
  readonly #options: ClusterWatchOptions
  readonly #reflectors: readonly Reflector[]
  /** Kinds that have not been listed yet. */
  readonly #awaited = new Set(watchedKinds.map(({ kind }) => kind))
  readonly #secrets: SecretWatch | undefined
  /** Whether the Secrets that are named at the start are still waited for. */
  #isHeldBySecrets: boolean
  #hold: Timer | undefined
  /** How many kinds are being listed. */
  #lists = 0
  /** Whether it was told that lists are read. */
  #isListing = false
  /** The last change of each object and of each finding: what came before it does not matter. */
  #pending = new Map<string, ObjectChange>()
  readonly #slices: SliceHold
  #receivedAt = 0
  #isScheduled = false
  #isBusy = false

  constructor(options: ClusterWatchOptions) {
    this.#options = options
    const { timers, referencesOf, given = () => undefined } = options
    this.#slices = new SliceHold({ timers, given, onDue: () => this.#schedule() })
    this.#isHeldBySecrets = referencesOf !== undefined
    this.#secrets =
      referencesOf &&
      new SecretWatch({
        ...options,
        referencesOf,
        onChange: (change) => this.#gather(change),
        onSettled: () => this.#schedule(),
      })
    this.#reflectors = watchedKinds.map(
      (kind) =>
        new Reflector({
          ...options,
          kind,
          onChange: (change) => {
            this.#secrets?.note(change)
            this.#gather(change)
          },
          onListing: (isListing) => this.#countLists(isListing ? 1 : -1),
          onListed: () => {
            if (this.#awaited.delete(kind.kind) && this.#awaited.size === 0) this.#boundHold()
            this.#schedule()
          },
        }),
    )
  }

  /** What has not been read yet; empty once the whole picture is there. */
  get awaited(): readonly string[] {
    // Which Secrets are named shows only once the Services are there.
    if (this.#awaited.size > 0) return [...this.#awaited]
    return this.#isHeld() ? ['the Secrets that Services name'] : []
  }

  /** The oldest moment (ms since the Unix epoch) at which every watch was live; undefined before the first. */
  observedAt(): number | undefined {
    const moments = this.#reflectors.map((reflector) => reflector.liveAt())
    return moments.some((moment) => moment === undefined)
      ? undefined
      : Math.min(...moments.map((moment) => moment ?? 0))
  }

  /** Watches until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#secrets, ...this.#reflectors].map((each) => each?.run(signal)))
    this.#hold?.cancel()
  }

  #boundHold(): void {
    this.#hold = this.#options.timers.start(SECRETS_MS, () => {
      this.#isHeldBySecrets = false
      this.#schedule()
    })
  }

  /** What is named later holds nobody up: it stays closed until it has been read. */
  #isHeld(): boolean {
    if (this.#awaited.size === 0 && this.#secrets?.awaited === 0) this.#isHeldBySecrets = false
    return this.#isHeldBySecrets
  }

  #countLists(by: 1 | -1): void {
    this.#lists += by
    const isGiving = this.#isScheduled || this.#isBusy
    this.#tellListing(this.#lists > 0 || (this.#isListing && isGiving))
  }

  #tellListing(isListing: boolean): void {
    if (isListing === this.#isListing) return
    this.#isListing = isListing
    this.#options.onListing?.(isListing)
  }

  #gather(change: ObjectChange): void {
    const key = changeKey(change)
    if (this.#pending.size === 0) this.#receivedAt = this.#options.clock.now()
    // Last in, last out: a map keeps the place of a key's first entry.
    this.#pending.delete(key)
    this.#pending.set(key, change)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isBusy || this.#awaited.size > 0 || this.#isHeld()) return
    this.#isScheduled = true
    const { clock, timers } = this.#options
    const dueAt = clock.elapsed() + SETTLE_MS
    let isPutOff = false
    const timer = timers.start(SETTLE_MS, () => {
      // Something kept the process busy: what came meanwhile has not been read yet, of some kinds perhaps and not of others.
      if (clock.elapsed() - dueAt > SETTLE_MS && !isPutOff) {
        isPutOff = true
        timer.restart()
        return
      }
      this.#isScheduled = false
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    const pending = this.#pending
    const heardAt = pending.size === 0 ? this.#options.clock.now() : this.#receivedAt
    this.#pending = new Map()
    const { changes, receivedAt } = this.#slices.sift({ changes: pending, receivedAt: heardAt })
    this.#isBusy = true
    try {
      const isAllHeld = pending.size > 0 && changes.size === 0
      if (!isAllHeld) await this.#options.onChanges([...changes.values()], receivedAt)
    } catch (error) {
      this.#options.onTrouble(asError(error))
    } finally {
      this.#isBusy = false
      if (this.#lists === 0) this.#tellListing(false)
      if (this.#pending.size > 0) this.#schedule()
    }
  }
}
