import type { Pipe } from './platform.ts'

/** How large a body may be, whatever length it has said. */
export interface BodyBound {
  readonly maxBytes: number
  readonly onExcess: () => void
}

/**
 * A client's request body, lent to one attempt at a time. What an attempt did not take goes to the next one.
 */
export class ClientBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #length: number | undefined
  readonly #pipe: Pipe
  readonly #onProgress: () => void
  readonly #bound: BodyBound | undefined
  #loan: WritableStreamDefaultWriter<Uint8Array> | undefined
  #reading: Promise<ReadableStreamReadResult<Uint8Array>> | undefined
  #isStarved = false
  #isTaken = false
  bytesRead = 0

  constructor(
    source: ReadableStream<Uint8Array>,
    length: number | undefined,
    pipe: Pipe,
    onProgress: () => void,
    bound?: BodyBound,
  ) {
    this.#reader = source.getReader()
    this.#length = length
    this.#pipe = pipe
    this.#onProgress = onProgress
    this.#bound = bound
  }

  /** An attempt waits for bytes that the client has not sent: a stall is the client's. */
  get isStarved(): boolean {
    return this.#isStarved
  }

  /** No attempt has taken a byte: it can be sent again. */
  get isWhole(): boolean {
    return !this.#isTaken
  }

  lend(): ReadableStream<Uint8Array> {
    this.release()
    const { readable, writable } = this.#pipe(this.#length)
    const loan = writable.getWriter()
    this.#loan = loan
    void this.#feed(loan)
    return readable
  }

  /** Ends the loan. An endpoint that still reads is cut off: it has not had the whole request. */
  release(): void {
    const loan = this.#loan
    this.#loan = undefined
    loan?.abort(new Error('the gateway ended the attempt')).catch(() => {})
  }

  async #feed(loan: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
    try {
      while (this.#loan === loan) {
        const { done, value } = await this.#read()
        if (this.#loan !== loan) return
        if (done) {
          this.#loan = undefined
          await loan.close()
          return
        }
        // Resolves when the attempt has taken it.
        await loan.write(value)
        this.#isTaken = true
        this.#reading = undefined
      }
    } catch (error) {
      // The client left in the middle of its body, or the attempt has no use for the rest.
      if (this.#loan === loan) this.#loan = undefined
      loan.abort(error).catch(() => {})
    }
  }

  /** The next chunk, read once however many attempts ask for it before one has taken it. */
  #read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    this.#reading ??= this.#readNext()
    return this.#reading
  }

  async #readNext(): Promise<ReadableStreamReadResult<Uint8Array>> {
    this.#isStarved = true
    const result = await this.#reader.read()
    this.#isStarved = false
    this.bytesRead += result.value?.length ?? 0
    this.#onProgress()
    if (this.#bound !== undefined && this.bytesRead > this.#bound.maxBytes) {
      this.#bound.onExcess()
      // What makes it too large is kept from everybody: the attempt ends without its end.
      throw new Error(`the body is larger than ${this.#bound.maxBytes} bytes`)
    }
    return result
  }
}
