import type { ClientExchange } from '../wire/client-exchange.node.ts'
import type { ServerExchange } from '../wire/server-exchange.node.ts'

/** A client's body on its way to one attempt at a time. What no attempt has taken goes to the next one. */
export class RequestBody {
  readonly #down: ServerExchange
  #up: ClientExchange | undefined
  /** What came while there was no attempt to take it: no more than was read at once. */
  #held: Uint8Array[] = []
  #hasEnded = false
  #isStarved = false
  #isTaken = false
  bytesRead = 0
  #maxBytes = Number.POSITIVE_INFINITY

  constructor(down: ServerExchange) {
    this.#down = down
  }

  /** An attempt waits for bytes that the client has not sent: a stall is the client's. */
  get isStarved(): boolean {
    return this.#isStarved
  }

  /** No attempt has taken a byte: it can be sent again. */
  get isWhole(): boolean {
    return !this.#isTaken
  }

  get isTooLarge(): boolean {
    return this.bytesRead > this.#maxBytes
  }

  /** From now on no more than so much of it is taken. @returns whether too much has come already */
  exceeds(maxBytes = Number.POSITIVE_INFINITY): boolean {
    this.#maxBytes = maxBytes
    return this.isTooLarge
  }

  /** Reads on, to hear of a client that breaks its body off: what comes is held. */
  watch(): void {
    this.#down.resume()
  }

  /** From now on the attempt takes what comes. */
  lend(up: ClientExchange): void {
    this.#up = up
    let keepsUp = true
    for (const piece of this.#held.splice(0)) keepsUp = this.#send(up, piece)
    // A length of 0 is a body that has ended before it began.
    if (this.#hasEnded || this.#down.body.isOver) up.end([])
    else if (keepsUp) this.resume()
  }

  /** The attempt is over. */
  release(): void {
    this.#up = undefined
    this.#isStarved = false
  }

  resume(): void {
    this.#isStarved = !this.#hasEnded
    this.#down.resume()
  }

  /** @returns false to pause. What makes it too large is kept from everybody. */
  take(data: Uint8Array): boolean {
    this.bytesRead += data.length
    if (this.isTooLarge) return false
    if (this.#up !== undefined) return this.#send(this.#up, data)
    this.#held.push(data)
    return false
  }

  /** Its trailers stay here: an application may take them for fields, and none of ours has looked at them. */
  end(): void {
    this.#hasEnded = true
    this.#isStarved = false
    this.#up?.end([])
  }

  #send(up: ClientExchange, data: Uint8Array): boolean {
    this.#isTaken = true
    this.#isStarved = up.write(data)
    return this.#isStarved
  }
}
