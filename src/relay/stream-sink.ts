import type { Follower } from './follower.ts'

/** What a stream holds itself: little, for entries wait in the log, one copy for all. */
const STREAM_BYTES = 16 * 1024

/** A follower's events as a stream, on any runtime. */
export function streamOf(follower: Follower): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) =>
        follower.start({
          get hasRoom() {
            return (controller.desiredSize ?? 0) > 0
          },
          write: (bytes) => controller.enqueue(bytes),
          end: () => controller.close(),
          cut: () => controller.error(new Error('The follower does not read')),
        }),
      pull: () => follower.flush(),
      cancel: () => follower.leave('left'),
    },
    { highWaterMark: STREAM_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
  )
}
