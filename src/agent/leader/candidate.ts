import { asError } from '../../model/as-error.ts'
import type { Clock, Random, Timers } from '../../model/clock.ts'
import { Alarm, pause } from '../../model/pause.ts'
import type { Epochs } from '../../registry/epochs.ts'
import { Election, type ElectionOptions, type Lease } from './election.ts'
import type { Leases } from './leases.ts'
import { Terms } from './terms.ts'
import { within } from './within.ts'

export interface CandidateOptions extends ElectionOptions {
  readonly leases: Leases
  /** How often a leader renews, and how soon one who could not ask asks again. */
  readonly retryMs: number
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** What a leader does, until its term ends. */
  readonly lead: (term: AbortSignal) => Promise<void>
  readonly onTrouble: (error: Error) => void
}

/** How long handing over may take when the process ends. */
const RELEASE_MS = 2_000

/**
 * Takes part in an election: asks for the Lease, keeps it, and hands it over at the end. What it says of itself holds at
 * that moment, by its own clock: a process that was stopped for a while does not lead when it wakes.
 */
export class Candidate implements Epochs {
  readonly #options: CandidateOptions
  readonly #election: Election
  readonly #terms: Terms
  #turns: Promise<unknown> = Promise.resolve()
  #end: AbortSignal = AbortSignal.abort()
  readonly #alarm: Alarm

  constructor(options: CandidateOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.timers)
    this.#election = new Election(options)
    this.#terms = new Terms(options.lead, options.onTrouble)
  }

  get isLeading(): boolean {
    return this.#election.isLeading(this.#now())
  }

  /** Who holds the Lease as far as we know; '' when nobody does. */
  get holder(): string {
    return this.#election.holder
  }

  /** Whether the Lease is ours; also when we do not lead any more, for we could not renew it. */
  get isHolder(): boolean {
    return this.holder === this.#options.identity
  }

  holds(epoch: number): boolean {
    return this.#election.holds(epoch, this.#now())
  }

  async take(above: number): Promise<number | undefined> {
    const next = (): number | undefined => this.#election.nextEpoch(above, this.#now())
    const epoch = next()
    if (epoch !== undefined || !this.isLeading) return epoch
    this.#election.outgrow(above)
    // The Lease first: whoever leads after us must take a higher one.
    await this.#inTurn(() => this.#ask(this.#end))
    return next()
  }

  /** Takes part until aborted; then gives the Lease back, and waits for the end of what a leader does. */
  async run(signal: AbortSignal): Promise<void> {
    this.#end = signal
    const following = this.#follow(signal)
    while (!signal.aborted) {
      const hasAsked = await this.#tried(() => this.#inTurn(() => this.#ask(signal)), signal)
      await this.#alarm.pause(this.#restMs(hasAsked), signal)
    }
    this.#election.resign()
    this.#terms.set(false)
    await this.#tried(() => this.#inTurn(() => this.#release()), new AbortController().signal)
    await Promise.all([following, this.#terms.ended])
  }

  /** Asks for the Lease, or to keep it, as things stand. */
  async #ask(signal: AbortSignal): Promise<void> {
    this.#terms.set(this.isLeading)
    // So that there is time for a second try; and not past the end of our term.
    const { renewDeadlineMs, timers } = this.#options
    const leftMs = this.isLeading ? this.#election.leadsUntil - this.#now() : renewDeadlineMs
    try {
      await within(Math.min(leftMs, renewDeadlineMs / 3), timers, signal, async (limited) => {
        if (!this.isLeading) await this.#read(limited)
        if (await this.#bid(limited)) return
        // The Lease has changed, perhaps by nobody of importance.
        await this.#read(limited)
        await this.#bid(limited)
      })
    } finally {
      this.#terms.set(this.isLeading)
    }
  }

  /** @returns false when it was refused. */
  async #bid(signal: AbortSignal): Promise<boolean> {
    const askedAt = this.#now()
    const bid = this.#election.bid(askedAt)
    if (bid === undefined) return true
    const { leases, clock } = this.#options
    const lease = await leases.write(bid, clock.now(), signal)
    if (lease === 'refused') return false
    this.#election.won(bid, lease, askedAt, this.#now())
    return true
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { lease } = await this.#options.leases.read(signal)
    this.#election.see(lease, this.#now())
  }

  /** Watches the Lease: who hands it over is not waited for, and who has lost it learns so at once. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { leases, timers } = this.#options
    while (!signal.aborted) {
      await this.#tried(async () => {
        const { version } = await leases.read(signal)
        await leases.watch(version, signal, (lease) => this.#hear(lease))
      }, signal)
      await pause(this.#retryMs(), timers, signal)
    }
  }

  #hear(lease: Lease | undefined): void {
    const now = this.#now()
    // While we lead it may be old news, of before our term: asking tells.
    if (!this.isLeading) this.#election.see(lease, now)
    const isOfNote = this.isLeading ? lease?.holder !== this.#options.identity : this.#election.freeAt <= now
    if (!isOfNote) return
    this.#alarm.ring()
  }

  /** What we last asked for may have been granted without our hearing of it: the Lease is looked at first. */
  async #release(): Promise<void> {
    const { leases, clock, timers } = this.#options
    await within(RELEASE_MS, timers, new AbortController().signal, async (limited) => {
      await this.#read(limited)
      const bid = this.#election.release()
      if (bid !== undefined) await leases.write(bid, clock.now(), limited)
    })
  }

  #restMs(hasAsked: boolean): number {
    const { freeAt, leadsUntil } = this.#election
    const now = this.#now()
    // A leader whose renewal failed is in a hurry.
    if (now < leadsUntil)
      return Math.min(hasAsked ? this.#options.retryMs : this.#retryMs() / 4, leadsUntil - now)
    return hasAsked && freeAt > now ? Math.min(freeAt - now, this.#options.durationMs) : this.#retryMs()
  }

  #retryMs(): number {
    return this.#options.retryMs * (0.5 + this.#options.random() / 2)
  }

  /** @returns whether it did not fail. */
  async #tried(task: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    try {
      await task()
      return true
    } catch (error) {
      if (!signal.aborted) this.#options.onTrouble(asError(error))
      return false
    }
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(task, task)
    this.#turns = turn
    return turn
  }

  #now(): number {
    return this.#options.clock.elapsed()
  }
}
