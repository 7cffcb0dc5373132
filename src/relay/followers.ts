import type { Timers } from '../model/clock.ts'
import type { Position } from '../model/position.ts'
import { KEEP_ALIVE_MS } from '../registry/http/wire.ts'
import { Follower, type FollowerOptions, type StreamFormat } from './follower.ts'
import type { Deflate } from './frame.ts'
import type { Mirror } from './mirror.ts'
import type { RelayObserver } from './observer.ts'

export interface FollowersOptions {
  readonly mirror: Mirror
  readonly timers: Timers
  readonly observer: RelayObserver
  readonly deflate: Deflate
  /** Bytes of entries that may come while a follower reads nothing. */
  readonly maxUnreadBytes?: number
}

const MAX_UNREAD_BYTES = 1024 * 1024

/** Everyone who waits for changes. Each is a place in the log, and the same bytes are sent to all. */
export class Followers {
  readonly #options: FollowersOptions
  readonly #follower: FollowerOptions
  readonly #followers = new Set<Follower>()

  constructor(options: FollowersOptions) {
    this.#options = options
    this.#follower = { ...options, maxUnreadBytes: options.maxUnreadBytes ?? MAX_UNREAD_BYTES }
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
      for (const follower of [...this.#followers]) follower.end('stopped')
    })
  }

  /** One more, who is sent the events after a position from when it is started. */
  join(after: Position, format: StreamFormat): Follower {
    const { observer } = this.#options
    const follower = new Follower(this.#follower, after, format, (reason) => {
      if (this.#followers.delete(follower)) observer.followerLeft(reason)
    })
    this.#followers.add(follower)
    observer.followerJoined()
    return follower
  }
}
