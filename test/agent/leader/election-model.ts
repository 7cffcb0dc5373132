import { type Bid, Election, type Lease } from '../../../src/agent/leader/election.ts'

export const times = { durationMs: 10_000, renewDeadlineMs: 6_000 }

/** What can happen to candidates, and to what is on its way between them and the API server. */
export type Step =
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'read' | 'bid' | 'turn' | 'take' | 'resign' | 'restart'; readonly who: number }
  | { readonly type: 'arrive' | 'answer' | 'lose'; readonly which: number }
  /** A watch tells some state of the past. */
  | { readonly type: 'tell'; readonly who: number; readonly which: number }

interface Message {
  readonly from: Candidate
  readonly bid: Bid | undefined
  readonly askedAt: number
  /** What the server said, once it has. */
  answer?: Lease | 'none' | 'refused'
}

interface Candidate {
  readonly who: number
  readonly election: Election
}

/** Candidates whose clocks start and run as they like, and an API server that compares and sets. */
export class ElectionModel {
  /** Every epoch that was taken, in its order. */
  readonly epochs: number[] = []
  /** Who was seen to lead, each time it was another one than before. */
  readonly leaders: string[] = []
  #now = 0
  #version = 0
  #restarts = 0
  #lease: Lease | undefined
  readonly #past: (Lease | undefined)[] = [undefined]
  readonly #clocks: readonly { readonly offset: number; readonly speed: number }[]
  readonly #candidates: Candidate[]
  #messages: Message[] = []

  constructor(clocks: readonly { readonly offset: number; readonly speed: number }[]) {
    this.#clocks = clocks
    this.#candidates = clocks.map((_clock, who) => this.#newCandidate(who))
  }

  /** Who leads now, each by its own clock. */
  get leading(): readonly number[] {
    return this.#candidates
      .filter(({ who, election }) => election.isLeading(this.#time(who)))
      .map(({ who }) => who)
  }

  step(step: Step): void {
    switch (step.type) {
      case 'wait':
        this.#now += step.ms
        break
      case 'arrive':
        this.#arrive(this.#message(step.which))
        break
      case 'answer':
        this.#answer(this.#message(step.which))
        break
      case 'lose':
        this.#forget(this.#message(step.which))
        break
      default:
        this.#act(step)
    }
    const [leader] = this.leading
    const name = `${leader}`
    if (leader !== undefined && this.leaders.at(-1) !== name) this.leaders.push(name)
  }

  #act(step: Extract<Step, { who: number }>): void {
    const candidate = this.#candidates[step.who % this.#candidates.length]
    if (candidate === undefined) return
    const { who, election } = candidate
    switch (step.type) {
      case 'read':
        this.#send(candidate, undefined)
        return
      case 'bid':
        this.#send(candidate, election.bid(this.#time(who)))
        return
      case 'turn':
        // Nothing on the way: what mostly happens.
        this.#through(candidate, undefined)
        this.#through(candidate, election.bid(this.#time(who)))
        return
      case 'take': {
        const epoch = election.nextEpoch(0, this.#time(who))
        if (epoch !== undefined) this.epochs.push(epoch)
        return
      }
      case 'tell':
        if (!election.isLeading(this.#time(who)))
          election.see(this.#past[step.which % this.#past.length], this.#time(who))
        return
      case 'resign':
        election.resign()
        this.#send(candidate, election.release())
        return
      case 'restart':
        this.#candidates[who] = this.#newCandidate(who)
    }
  }

  #send(from: Candidate, bid: Bid | undefined): Message {
    const message: Message = { from, bid, askedAt: this.#time(from.who) }
    this.#messages.push(message)
    return message
  }

  #through(from: Candidate, bid: Bid | undefined): void {
    const message = this.#send(from, bid)
    this.#arrive(message)
    this.#answer(message)
  }

  /** The API server takes a message: it grants a bid only over the version that is there. */
  #arrive(message: Message | undefined): void {
    if (message === undefined || message.answer !== undefined) return
    const { bid } = message
    if (bid === undefined) {
      message.answer = this.#lease ?? 'none'
    } else if (bid.over !== this.#lease?.version) {
      message.answer = 'refused'
    } else {
      this.#version++
      const { holder, durationMs, transitions, epoch } = bid
      this.#lease = { version: `${this.#version}`, holder, durationMs, transitions, epoch }
      this.#past.push(this.#lease)
      message.answer = this.#lease
    }
  }

  #answer(message: Message | undefined): void {
    if (message?.answer === undefined) return
    const { from, bid, askedAt, answer } = message
    const now = this.#time(from.who)
    this.#forget(message)
    if (answer === 'refused') return
    if (bid === undefined) from.election.see(answer === 'none' ? undefined : answer, now)
    else if (answer !== 'none') from.election.won(bid, answer, askedAt, now)
  }

  #message(which: number): Message | undefined {
    return this.#messages[which % Math.max(1, this.#messages.length)]
  }

  #forget(message: Message | undefined): void {
    this.#messages = this.#messages.filter((each) => each !== message)
  }

  #newCandidate(who: number): Candidate {
    return { who, election: new Election({ identity: `${who}-${this.#restarts++}`, ...times }) }
  }

  #time(who: number): number {
    const { offset = 0, speed = 1 } = this.#clocks[who] ?? {}
    return offset + this.#now * speed
  }
}
