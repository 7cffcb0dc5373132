import { Buffer } from 'node:buffer'
import type { OnReadOpts } from 'node:net'
import type { Duplex } from 'node:stream'

/** As much as Node reads at once. */
export const READ_BYTES = 65_536
/** So many full reads one connection has before others have their turn. Node's own bound is 32. */
export const TURN_READS = 8
/** One read is done with before the next begins, on whatever socket. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES)

/**
 * What a socket reads, as a view of the one buffer that all of them read into (`onread` of `node:net`). A buffer of its
 * own for each read, which is what sockets do otherwise, has V8 collect its whole heap again and again.
 */
export class LentReads implements OnReadOpts {
  readonly buffer: Uint8Array = shared
  #socket: Duplex | undefined
  #onBytes: (bytes: Buffer) => void = () => {}
  #fullReads = 0

  /** @param onBytes hears of each read. The bytes are another's when it returns. */
  listen(socket: Duplex, onBytes: (bytes: Buffer) => void): void {
    this.#socket = socket
    this.#onBytes = onBytes
  }

  /** @returns false when it has had its turn, and there is more */
  readonly callback = (length: number): boolean => {
    this.#onBytes(shared.subarray(0, length))
    this.#fullReads = length < READ_BYTES ? 0 : this.#fullReads + 1
    if (this.#fullReads < TURN_READS) return true
    this.#fullReads = 0
    setImmediate(this.#goOn)
    return false
  }

  /** Unless somebody else has paused it. */
  readonly #goOn = (): void => {
    if (this.#socket?.isPaused() === false) this.#socket.resume()
  }
}
