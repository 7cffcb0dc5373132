import type { Position } from '../model/position.ts'
import { type Deflate, Frame, type Variant } from './frame.ts'
import type { Mirror } from './mirror.ts'
import type { Leaving } from './observer.ts'

/** Where a follower's bytes go: a stream, or a response of the runtime's own. */
export interface Sink {
  /** False while the client has not read enough. */
  readonly hasRoom: boolean
  write(bytes: Uint8Array): void
  end(): void
  /** Ends at once: nothing moves on it. */
  cut(): void
}

export interface FollowerOptions {
  readonly mirror: Mirror
  readonly deflate: Deflate
  /** Bytes of entries that may come while a follower reads nothing. */
  readonly maxUnreadBytes: number
}

export interface StreamFormat {
  readonly variant: Variant
  readonly isDeflated: boolean
}

/** A gzip member (RFC 1952 §2.3) without name or time; the blocks of the frames follow it. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)

// Says something at once: so the head of the response leaves, and a proxy in between shows whether it holds back.
const HELLO = new Frame(': changes\n\n')
const KEEP_ALIVE = new Frame(':\n\n')
const GAP = new Frame('event: gap\ndata: \n\n')

/** One client who waits for changes: a place in the log, from which it is sent what it has room for. */
export class Follower {
  readonly #options: FollowerOptions
  readonly #format: StreamFormat
  readonly #onEnd: (reason: Leaving) => void
  #position: Position
  /** The newest position when it last took something. */
  #tookAt: Position
  #sink: Sink | undefined

  constructor(
    options: FollowerOptions,
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

  start(sink: Sink): void {
    this.#sink = sink
    if (this.#format.isDeflated) sink.write(GZIP_HEADER)
    this.#send(HELLO)
  }

  /** Sends what fits; the rest stays in the log until the client has read. */
  flush(): void {
    const { mirror, maxUnreadBytes } = this.#options
    while (this.#sink?.hasRoom) {
      const next = mirror.log?.next(this.#position) ?? 'end'
      if (next === 'end') return
      if (next === 'gap') {
        this.#send(GAP)
        this.end('gap')
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
    if (this.#sink?.hasRoom) this.#send(KEEP_ALIVE)
  }

  end(reason: Leaving): void {
    const sink = this.#sink
    this.leave(reason)
    sink?.end()
  }

  /** The client has gone. */
  leave(reason: Leaving): void {
    this.#sink = undefined
    this.#onEnd(reason)
  }

  #send(frame: Frame): void {
    this.#sink?.write(this.#format.isDeflated ? frame.deflated(this.#options.deflate) : frame.plain)
  }

  #cut(): void {
    const sink = this.#sink
    this.leave('cut')
    sink?.cut()
  }
}
