import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'

/** A read, and the head before it. */
const SCRATCH_BYTES = 65_536 + 16_384
/** Where what leaves in one write is put together: free again at once, unless the kernel has not taken all of it. */
let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

/** Writes a copy of the bytes, between texts whose characters are bytes. */
export function writeCopy(socket: Duplex, before: string, bytes: Uint8Array, after: string): void {
  const size = before.length + bytes.length + after.length
  const room = size <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafeSlow(size)
  room.write(before, 0, 'latin1')
  room.set(bytes, before.length)
  room.write(after, before.length + bytes.length, 'latin1')
  socket.write(room.subarray(0, size))
  // From now on it is the socket's.
  if (socket.writableLength > 0 && room === scratch) scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
}
