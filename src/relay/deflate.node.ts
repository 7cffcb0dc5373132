import { constants, deflateRawSync } from 'node:zlib'
import type { Deflate } from './frame.ts'

/** Entries are at most some 100 KiB: less than a millisecond, once for all followers. */
export const deflateBlocks: Deflate = (bytes) =>
  deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
