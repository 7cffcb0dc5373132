/** What a Lease (coordination.k8s.io/v1) says, as far as an election goes. */
export interface Lease {
  /** resourceVersion: another one is another state of the Lease. */
  readonly version: string
  /** '' when nobody holds it. */
  readonly holder: string
  /** For how long its holder asks the others to wait; undefined when it does not say. */
  readonly durationMs: number | undefined
  /** How often it went to another holder. */
  readonly transitions: number
  /** Epochs up to this one are given out; 0 when none is. */
  readonly epoch: number
}

/** A state that the Lease is to be given, if nobody else has given it another one meanwhile. */
export interface Bid {
  /** The version that it follows; undefined: the Lease is to be created. */
  readonly over: string | undefined
  readonly holder: string
  readonly changesHolder: boolean
  readonly durationMs: number
  readonly transitions: number
  readonly epoch: number
  /** Whether it takes epochs that nobody has been given before. */
  readonly takesEpochs: boolean
}

export interface ElectionOptions {
  /** Of this process, and of no other: also not of one before it in the same Pod. */
  readonly identity: string
  /** How long the others wait for a holder of whom nothing is heard. Whole seconds, as the API counts. */
  readonly durationMs: number
  /** How long we lead after asking for the last renewal that was granted; shorter by what clocks may differ in speed. */
  readonly renewDeadlineMs: number
}

/**
 * How many epochs are taken at once: a registry that fails again and again needs a new one each time, and the Lease is
 * not to be written as often.
 */
export const EPOCHS_AT_ONCE = 100

/**
 * One candidate's view of an election by Lease, as client-go holds it. All times are its own (Clock.elapsed): another's
 * clock decides nothing. The rule that keeps two from leading at once: we lead for `renewDeadlineMs` from before a
 * renewal was *sent*; the others wait for the longer `durationMs` from when they have *seen* it.
 */
export class Election {
  readonly #options: ElectionOptions
  /** What the API server said last, and when we first heard of it; undefined before it has said anything. */
  #seen: { readonly lease: Lease | undefined; readonly at: number } | undefined
  #leadsUntil = Number.NEGATIVE_INFINITY
  /** The epochs that are ours alone: above `from`, up to `to`. */
  #epochs = { from: 0, to: 0 }
  /** The last one of them that was used. */
  #used = 0
  /** No epoch that we take may be as low: the highest that we have heard of. */
  #highest = 0
  #hasResigned = false

  constructor(options: ElectionOptions) {
    this.#options = options
  }

  /** Who holds the Lease as far as we know; '' when nobody does. */
  get holder(): string {
    return this.#seen?.lease?.holder ?? ''
  }

  /** Until when we lead, unless a renewal is granted before. */
  get leadsUntil(): number {
    return this.#hasResigned ? Number.NEGATIVE_INFINITY : this.#leadsUntil
  }

  isLeading(now: number): boolean {
    return now < this.leadsUntil
  }

  /** Takes what the API server says; undefined: there is no Lease. */
  see(lease: Lease | undefined, now: number): void {
    const isNews = this.#seen === undefined || this.#seen.lease?.version !== lease?.version
    if (isNews) this.#seen = { lease, at: now }
    this.#highest = Math.max(this.#highest, lease?.epoch ?? 0)
    if (lease?.holder !== this.#options.identity) this.#leadsUntil = Number.NEGATIVE_INFINITY
  }

  /** From when on we may ask for the Lease; a moment in the past when we may now. Infinity: nothing is known of it. */
  get freeAt(): number {
    if (this.#seen === undefined || this.#hasResigned) return Number.POSITIVE_INFINITY
    const { lease, at } = this.#seen
    const isFree = lease === undefined || lease.holder === '' || lease.holder === this.#options.identity
    return isFree ? Number.NEGATIVE_INFINITY : at + (lease.durationMs ?? this.#options.durationMs)
  }

  /** What to ask the API server for now: the Lease, or to keep it. Undefined: another has it, or we have resigned. */
  bid(now: number): Bid | undefined {
    if (this.#seen === undefined || now < this.freeAt) return undefined
    const { lease } = this.#seen
    const { identity: holder, durationMs } = this.#options
    const isOurs = lease?.holder === holder
    const { to } = this.#epochs
    // Nobody else has led since: our epochs are still ours, and may do.
    const keepsEpochs = isOurs && lease.epoch === to && this.#highest <= to && this.#used < to
    return {
      over: lease?.version,
      holder,
      changesHolder: !isOurs,
      durationMs,
      transitions: lease === undefined ? 0 : lease.transitions + (isOurs ? 0 : 1),
      epoch: keepsEpochs ? lease.epoch : this.#highest + EPOCHS_AT_ONCE,
      takesEpochs: !keepsEpochs,
    }
  }

  /** The API server has granted a bid. @param askedAt when it was sent */
  won(bid: Bid, lease: Lease, askedAt: number, now: number): void {
    this.see(lease, now)
    if (lease.holder !== this.#options.identity) return
    this.#leadsUntil = askedAt + this.#options.renewDeadlineMs
    if (!bid.takesEpochs) return
    this.#epochs = { from: bid.epoch - EPOCHS_AT_ONCE, to: bid.epoch }
    this.#used = this.#epochs.from
  }

  /** Whether a write under an epoch is ours to make. */
  holds(epoch: number, now: number): boolean {
    return this.isLeading(now) && epoch > this.#epochs.from && epoch <= this.#epochs.to
  }

  /** @returns an epoch above another, never given before; undefined when we have none, and must bid for more. */
  nextEpoch(above: number, now: number): number | undefined {
    const epoch = Math.max(this.#used, above) + 1
    if (!this.holds(epoch, now)) return undefined
    this.#used = epoch
    return epoch
  }

  /** Epochs up to this one are no use any more: the next bid takes higher ones. */
  outgrow(epoch: number): void {
    this.#highest = Math.max(this.#highest, epoch)
  }

  /** We do not lead any more, and will not. */
  resign(): void {
    this.#hasResigned = true
  }

  /** What hands the Lease over at once; undefined when it is not ours. */
  release(): Bid | undefined {
    const lease = this.#seen?.lease
    if (!this.#hasResigned || lease?.holder !== this.#options.identity) return undefined
    const { version: over, transitions, epoch } = lease
    // A second, as client-go's: the API takes no less.
    const released = { holder: '', changesHolder: true, durationMs: 1000 }
    return { over, ...released, transitions, epoch, takesEpochs: false }
  }
}
