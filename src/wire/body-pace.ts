import { type Deadlines, NEVER } from './deadlines.ts'

/** The least that a client has to send of a body that is waited for. */
export interface MinBodyRate {
  /** 0: it may be as slow as it likes. */
  readonly bytesPerSecond: number
  /** What it may take besides, however little comes. */
  readonly graceMs: number
}

/**
 * Holds each body of a connection to a least rate: every byte buys time, and waiting for the client spends it. Nothing is
 * spent while we do not read, for what an endpoint does not take is no fault of the client's.
 */
export class BodyPace {
  readonly #deadlines: Deadlines
  readonly #graceMs: number
  readonly #ticksPerByte: number
  #heldAt: number | undefined
  /** By when more has to be here. */
  deadline = NEVER

  constructor(deadlines: Deadlines, { bytesPerSecond, graceMs }: MinBodyRate) {
    this.#deadlines = deadlines
    this.#graceMs = bytesPerSecond === 0 ? 0 : graceMs
    this.#ticksPerByte = bytesPerSecond === 0 ? 0 : deadlines.ticks(1000 / bytesPerSecond)
  }

  /** The first of a body is waited for. */
  begin(): void {
    this.#heldAt = undefined
    this.deadline = this.#deadlines.after(this.#graceMs)
  }

  /** More of it is waited for, after {@link hold}. */
  goOn(): void {
    if (this.#heldAt === undefined) return
    this.deadline += this.#deadlines.now - this.#heldAt
    this.#heldAt = undefined
  }

  came(bytes: number): void {
    this.deadline += bytes * this.#ticksPerByte
  }

  /** No more is read for now. */
  hold(): void {
    this.#heldAt = this.#deadlines.now
  }
}
