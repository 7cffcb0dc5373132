import { Buffer } from 'node:buffer'
import type { OnReadOpts } from 'node:net'

/** As much as Node reads at once. */
const READ_BYTES = 65_536
/** One read is done with before the next begins, on whatever socket. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES)

/**
 * What a socket reads, as a view of the one buffer that all of them read into (`onread` of `node:net`). A buffer of its
 * own for each read, which is what sockets do otherwise, has V8 collect its whole heap again and again.
 */
export class LentReads implements OnReadOpts {
  readonly buffer: Uint8Array = shared
  /** Hears of each read. The bytes are another's when it returns. */
  onBytes: (bytes: Buffer) => void = () => {}

  /** Never pauses: that is the listener's. */
  readonly callback = (length: number): boolean => {
    this.onBytes(shared.subarray(0, length))
    return true
  }
}
