import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/**
 * A client's request body, lent to one attempt at a time. An attempt that fails destroys what it was lent, never the
 * client's connection.
 */
export class RequestBody {
  readonly #source: IncomingMessage
  readonly #onProgress: () => void
  #loan: Readable | undefined
  #isStarved = false
  /** Bytes taken off the client. Once any are, the body cannot be sent again. */
  bytesRead = 0

  constructor(source: IncomingMessage, onProgress: () => void) {
    this.#source = source
    this.#onProgress = onProgress
  }

  /** The attempt wants bytes that the client has not sent: a stall is the client's. */
  get isStarved(): boolean {
    return this.#isStarved && !this.#source.readableEnded
  }

  /** Takes back what was lent before: a loan that lives on would steal bytes from this one. */
  lend(): Readable {
    this.release()
    const source = this.#source
    const pull = (): void => {
      if (this.#loan === lent) this.#pull(lent)
    }
    const onReadable = (): void => {
      if (this.#isStarved) pull()
    }
    const onEnd = (): void => void lent.push(null)
    const onClose = (): void => {
      if (!source.readableEnded) lent.destroy(new Error('the client closed the connection'))
    }
    const lent = new Readable({
      read: pull,
      destroy(error, callback) {
        source.off('readable', onReadable).off('end', onEnd).off('close', onClose)
        callback(error)
      },
    })
    // The dialer reports failures through its own events; without a listener this would end the process.
    lent.on('error', () => {})
    this.#loan = lent
    if (source.readableEnded) lent.push(null)
    else source.on('readable', onReadable).on('end', onEnd).on('close', onClose)
    return lent
  }

  /** Ends the loan. An endpoint that is still being written to is cut off: it has not had the whole request. */
  release(): void {
    this.#loan?.destroy()
    this.#loan = undefined
    this.#isStarved = false
  }

  #pull(lent: Readable): void {
    const chunk: unknown = this.#source.read()
    this.#isStarved = chunk === null
    if (!(chunk instanceof Uint8Array)) return
    this.bytesRead += chunk.length
    this.#onProgress()
    lent.push(chunk)
  }
}
