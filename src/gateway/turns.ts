import type { Clock } from '../model/clock.ts'
import { BoundedMap } from './bounded-map.ts'

export interface TurnsOptions {
  readonly clock: Pick<Clock, 'elapsed'>
  /** Pieces of work under way at once; of one party. */
  readonly atOnce: number
  readonly atOnceEach: number
  /** Pieces that wait; of one party. 0: nobody waits, as where the platform ties work to the request that began it. */
  readonly waiting: number
  readonly waitingEach: number
  /** Work that was cut off with its request counts for so long at most. */
  readonly maxMs: number
}

interface Party {
  readonly name: string
  readonly waiting: (() => void)[]
  under: number
}

/**
 * Shares out work that costs: who asks for much waits for himself. Parties take turns, so that a flood of one client costs
 * another at most one piece of each party's work.
 */
export class Turns {
  readonly #options: TurnsOptions
  /** Those with work, the next one first. */
  readonly #parties = new Map<string, Party>()
  /** When each piece under way began. */
  readonly #begun = new Map<symbol, { readonly at: number; readonly party: Party }>()
  #waiting = 0

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  /** Runs a piece of work once it is the party's turn. @returns `busy`, at once, when too much waits already */
  async run<T>(party: string, work: () => Promise<T>): Promise<T | 'busy'> {
    const turn = this.#take(party)
    if (turn === 'busy') return 'busy'
    const end = await turn
    try {
      return await work()
    } finally {
      end()
    }
  }

  #take(name: string): Promise<() => void> | (() => void) | 'busy' {
    const party = this.#parties.get(name) ?? { name, waiting: [], under: 0 }
    this.#forgetLost()
    if (party.waiting.length === 0 && this.#mayBegin(party)) {
      this.#parties.set(name, party)
      return this.#begin(party)
    }
    const { waiting, waitingEach } = this.#options
    if (this.#waiting >= waiting || party.waiting.length >= waitingEach) return 'busy'
    this.#parties.set(name, party)
    this.#waiting++
    return new Promise((resolve) => {
      party.waiting.push(() => resolve(this.#begin(party)))
    })
  }

  #mayBegin({ under }: Party): boolean {
    return this.#begun.size < this.#options.atOnce && under < this.#options.atOnceEach
  }

  #begin(party: Party): () => void {
    const id = Symbol()
    party.under++
    this.#begun.set(id, { at: this.#options.clock.elapsed(), party })
    return () => {
      this.#end(id, party)
      this.#next()
    }
  }

  #end(id: symbol, party: Party): void {
    if (this.#begun.delete(id)) party.under--
    if (party.under === 0 && party.waiting.length === 0) this.#parties.delete(party.name)
  }

  /** The party whose turn it is goes to the end of the line. */
  #next(): void {
    for (const [name, party] of this.#parties) {
      if (this.#begun.size >= this.#options.atOnce) return
      if (party.waiting.length === 0 || !this.#mayBegin(party)) continue
      this.#parties.delete(name)
      this.#parties.set(name, party)
      this.#waiting--
      party.waiting.shift()?.()
    }
  }

  #forgetLost(): void {
    const before = this.#options.clock.elapsed() - this.#options.maxMs
    for (const [id, { at, party }] of this.#begun) {
      // They began in this order.
      if (at > before) return
      this.#end(id, party)
    }
  }
}

/** As many as there may be apart; one that is pushed out while it is used begins anew. */
const MAX_APART = 2_000

/** Turns of several groups, each its own. */
export class TurnsApart {
  readonly #newTurns: () => Turns
  readonly #groups = new BoundedMap<Turns>({ maxCount: MAX_APART, maxBytes: MAX_APART })

  constructor(newTurns: () => Turns) {
    this.#newTurns = newTurns
  }

  /** As {@link Turns.run}, within a group. */
  async run<T>(group: string, party: string, work: () => Promise<T>): Promise<T | 'busy'> {
    const turns = this.#groups.get(group) ?? this.#newTurns()
    if (this.#groups.peek(group) === undefined) this.#groups.set(group, turns, 1)
    return await turns.run(party, work)
  }
}

type Share = Omit<TurnsOptions, 'clock'>

/** Signatures of tokens, by client. Libuv has four threads for them. */
export const SIGNATURE_TURNS: Share = {
  atOnce: 4,
  atOnceEach: 2,
  waiting: 2_000,
  waitingEach: 64,
  maxMs: 10_000,
}
/** Passwords of one credential, by client. */
export const PASSWORD_TURNS: Share = { atOnce: 2, atOnceEach: 1, waiting: 64, waitingEach: 4, maxMs: 30_000 }
/** The one thread for passwords, by credential: what costs much in one costs another one check. */
export const THREAD_TURNS: Share = { atOnce: 1, atOnceEach: 1, waiting: 256, waitingEach: 2, maxMs: 30_000 }
/** Questions to the auth server of one Service, by client. */
export const AUTH_CALL_TURNS: Share = {
  atOnce: 64,
  atOnceEach: 16,
  waiting: 256,
  waitingEach: 32,
  maxMs: 10_000,
}

/** The same where no request may wait for what another began. */
export function withoutWaiting(share: Share): Share {
  return { ...share, waiting: 0, waitingEach: 0 }
}
