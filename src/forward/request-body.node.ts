import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/**
 * A client's request body, lent to one attempt at a time. An attempt that fails destroys what it was lent, never the
 * client's connection.
 */
export class RequestBody {
  readonly #source: IncomingMessage
  readonly #onProgress: () => void
  /** Bytes taken off the client. Once any are, the body cannot be sent again. */
  bytesRead = 0
  /** An attempt wants bytes that the client has not sent: a stall is the client's. */
  isStarved = false

  constructor(source: IncomingMessage, onProgress: () => void) {
    this.#source = source
    this.#onProgress = onProgress
  }

  get isComplete(): boolean {
    return this.#source.readableEnded
  }

  lend(): Readable {
    const source = this.#source
    const pull = (): void => {
      const chunk: unknown = source.read()
      this.isStarved = chunk === null
      if (!(chunk instanceof Uint8Array)) return
      this.bytesRead += chunk.length
      this.#onProgress()
      lent.push(chunk)
    }
    const onReadable = (): void => {
      if (this.isStarved) pull()
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
    if (source.readableEnded) lent.push(null)
    else source.on('readable', onReadable).on('end', onEnd).on('close', onClose)
    return lent
  }
}
