import { randomBytes } from 'node:crypto'
import type { Timer, Timers } from '../../../src/model/clock.ts'
import { TICKET_KEY_BYTES } from '../../../src/tls/ticket-keys.ts'

/** A key makes tickets for so long, and opens them for as long again: longer than a session may be resumed. */
const RENEW_EVERY_MS = 8 * 3_600_000
const KEPT = 2

/** Makes the ticket keys that all workers share, so that a session goes on at whichever the kernel chooses. */
export class TicketIssuer {
  readonly #timer: Timer
  #keys: readonly string[] = [newKey()]

  /** @param onRenewed with the keys in base64, the newest first */
  constructor(timers: Timers, onRenewed: (keys: readonly string[]) => void) {
    this.#timer = timers.start(RENEW_EVERY_MS, () => {
      this.#keys = [newKey(), ...this.#keys].slice(0, KEPT)
      onRenewed(this.#keys)
      this.#timer.restart()
    })
  }

  get keys(): readonly string[] {
    return this.#keys
  }

  stop(): void {
    this.#timer.cancel()
  }
}

function newKey(): string {
  return randomBytes(TICKET_KEY_BYTES).toString('base64')
}
