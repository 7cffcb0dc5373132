import type { Timers } from '../model/clock.ts'
import type { Position } from '../model/position.ts'
import { KEEP_ALIVE_MS } from '../registry/http/wire.ts'
import { type Deflate, Frame, type Variant } from './frame.ts'
import type { Mirror } from './mirror.ts'
import type { Leaving, RelayObserver } from './observer.ts'

export interface FollowersOptions {
  readonly mirror: Mirror
  readonly timers: Timers
  readonly observer: RelayObserver
  readonly deflate: Deflate
  /** Bytes of entries that may come while a follower reads nothing. */
  readonly maxUnreadBytes?: number
}

const MAX_UNREAD_BYTES = 1024 * 1024
/** What one follower's stream holds itself: little, for entries wait in the log, one copy for all. */
const STREAM_BYTES = 16 * 1024
/** A gzip member (RFC 1952 §2.3) without name or time; the blocks of the frames follow it. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)

// Says something at once: so the head of the response leaves, and a proxy in between shows whether it holds back.
const HELLO = new Frame(': changes\n\n')
const KEEP_ALIVE = new Frame(':\n\n')
const GAP = new Frame('event: gap\ndata: \n\n')

export interface StreamFormat {
  readonly variant: Variant
  readonly isDeflated: boolean
  /** Ends a connection on which nothing moves; without it the stream fails. */
  readonly disconnect: (() => void) | undefined
}

/** Everyone who waits for changes. Each is a place in the log and the same bytes are sent to all. */
export class Followers {
  readonly #options: FollowersOptions
  readonly #followers = new Set<Follower>()

  constructor(options: FollowersOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#followers.size
  }

  /** Sends what comes, and keeps connections alive, until aborted; then every stream ends. */
  run(signal: AbortSignal): void {
    const { mirror, timers } = this.#options
    const stop = mirror.onChange(() => {
      for (const follower of [...this.#followers]) follower.flush()
    })
    const timer = timers.start(KEEP_ALIVE_MS, () => {
      for (const follower of [...this.#followers]) follower.keepAlive()
      timer.restart()
    })
    signal.addEventListener('abort', () => {
      stop()
      timer.cancel()
      for (const follower of [...this.#followers]) follower.end()
    })
  }

  /** The events after a position, from now on. */
  stream(after: Position, format: StreamFormat): ReadableStream<Uint8Array> {
    const { observer } = this.#options
    const follower = new Follower(this.#options, after, format, (reason) => {
      if (this.#followers.delete(follower)) observer.followerLeft(reason)
    })
    this.#followers.add(follower)
    observer.followerJoined()
    return follower.open()
  }
}

class Follower {
  readonly #options: FollowersOptions
  readonly #format: StreamFormat
  readonly #onEnd: (reason: Leaving) => void
  #position: Position
  /** The newest position when it last took something. */
  #tookAt: Position
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor(
    options: FollowersOptions,
    after: Position,
    format: StreamFormat,
    onEnd: (reason: Leaving) => void,
  ) {
    this.#options = options
    this.#position = after
    this.#tookAt = options.mirror.log?.end ?? after
    this.#format = format
    this.#onEnd = onEnd
  }

  open(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
          if (this.#format.isDeflated) controller.enqueue(GZIP_HEADER)
          this.#send(HELLO)
        },
        pull: () => this.flush(),
        cancel: () => this.#leave('left'),
      },
      { highWaterMark: STREAM_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
    )
  }

  /** Sends what fits; the rest stays in the log until the client has read. */
  flush(): void {
    const { mirror, maxUnreadBytes = MAX_UNREAD_BYTES } = this.#options
    while (this.#controller !== undefined && this.#hasRoom) {
      const next = mirror.log?.next(this.#position) ?? 'end'
      if (next === 'end') return
      if (next === 'gap') {
        this.#send(GAP)
        this.#close('gap')
        return
      }
      this.#position = next.position
      this.#tookAt = mirror.log?.end ?? next.position
      this.#send(next.frames[this.#format.variant])
    }
    // One that comes back after long has much to read, and reads.
    if ((mirror.log?.bytesAfter(this.#tookAt) ?? 0) > maxUnreadBytes) this.#cut()
  }

  keepAlive(): void {
    if (this.#hasRoom) this.#send(KEEP_ALIVE)
  }

  end(): void {
    this.#close('stopped')
  }

  get #hasRoom(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0
  }

  #send(frame: Frame): void {
    this.#controller?.enqueue(this.#format.isDeflated ? frame.deflated(this.#options.deflate) : frame.plain)
  }

  #close(reason: Leaving): void {
    this.#controller?.close()
    this.#leave(reason)
  }

  #cut(): void {
    const controller = this.#controller
    if (controller === undefined) return
    this.#leave('cut')
    if (this.#format.disconnect) this.#format.disconnect()
    else controller.error(new Error('The follower does not read'))
  }

  #leave(reason: Leaving): void {
    this.#controller = undefined
    this.#onEnd(reason)
  }
}
