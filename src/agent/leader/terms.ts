import { asError } from '../../model/as-error.ts'

/** A leader's terms, one after another: the next begins when the work of the one before has ended. */
export class Terms {
  readonly #lead: (term: AbortSignal) => Promise<void>
  readonly #onTrouble: (error: Error) => void
  #term: AbortController | undefined
  #led: Promise<void> = Promise.resolve()

  constructor(lead: (term: AbortSignal) => Promise<void>, onTrouble: (error: Error) => void) {
    this.#lead = lead
    this.#onTrouble = onTrouble
  }

  /** Begins a term or ends it; nothing when it is so already. */
  set(isLeading: boolean): void {
    if (isLeading === (this.#term !== undefined)) return
    this.#term?.abort()
    this.#term = isLeading ? new AbortController() : undefined
    const signal = this.#term?.signal
    if (signal !== undefined) this.#led = this.#led.then(() => this.#run(signal))
  }

  /** Resolves when the work of all terms so far has ended. */
  get ended(): Promise<void> {
    return this.#led
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      if (!signal.aborted) await this.#lead(signal)
    } catch (error) {
      this.#onTrouble(asError(error))
    }
  }
}
