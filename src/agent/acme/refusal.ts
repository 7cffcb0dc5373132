import { printable } from '../../model/printable.ts'

const MAX_SAID = 300

/** What an authority said no to, in words that may be shown. */
export class AcmeRefusal extends Error {
  /** Not before so long, as it said; 0: it did not. */
  readonly retryAfterMs: number
  /** The authority answers nobody now. */
  readonly isForAll: boolean
  /** The order has ended by it: the next try makes another. */
  readonly isFinal: boolean

  constructor(doing: string, said: string, { retryAfterMs = 0, isForAll = false, isFinal = false } = {}) {
    super(`Cannot ${doing}: the authority says: ${printable(said, MAX_SAID)}`)
    this.retryAfterMs = retryAfterMs
    this.isForAll = isForAll
    this.isFinal = isFinal
  }
}
