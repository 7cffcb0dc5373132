import type { Clock, Random, Timers } from '../../model/clock.ts'
import { pause } from '../../model/pause.ts'
import type { Collection } from '../cluster/kinds.ts'
import type { KubeApi, WatchEvent } from '../cluster/kube-api.ts'
import { KubeError } from '../cluster/kube-error.ts'
import type { Page } from '../cluster/page.ts'
import type { RawObject } from '../cluster/wire.ts'
import { Line } from './line.ts'

export interface SharedReadsOptions {
  readonly api: Pick<KubeApi, 'list' | 'watch'>
  readonly clock: Pick<Clock, 'elapsed'>
  readonly timers: Timers
  readonly random: Random
  /** A watch is a connection of its own, here and at the API server. */
  readonly maxWatches?: number
}

const MAX_WATCHES = 250
/** What has no watch of its own is read again after about so long. */
const POLL_MS = 60_000
const RATE = { burst: 200, perMinute: 6000 }
const OWN_RATE = { burst: 200, perMinute: 3000 }
const FORBIDDEN = 403
/** What makes a reflector list again, in silence. */
const GONE = 410

/**
 * Reads many collections of one object each, within bounds: so many watches are open, and so many requests a minute are
 * made, however many Secrets Services name. Of those beyond, each is read again and again instead.
 */
export class SharedReads {
  readonly #options: SharedReadsOptions
  readonly #maxWatches: number
  readonly #line: Line
  /** Of each namespace, so that one which names thousands keeps the others waiting no longer. */
  readonly #lines = new Map<string, Line>()
  #watches = 0

  constructor(options: SharedReadsOptions) {
    this.#options = options
    this.#maxWatches = options.maxWatches ?? MAX_WATCHES
    this.#line = new Line(RATE, options.clock, options.timers)
  }

  /** As {@link KubeApi.list}, once it is its turn. */
  async list(
    kind: Collection,
    next: string,
    signal: AbortSignal,
    onItem: (object: RawObject) => void,
  ): Promise<Page> {
    await this.#turn(kind, signal)
    return await this.#options.api.list(kind, next, signal, onItem)
  }

  /** As {@link KubeApi.watch}; without a place for it, or the right to, it ends after a while so that there is a list. */
  async watch(
    kind: Collection,
    resourceVersion: string,
    timeoutSeconds: number,
    signal: AbortSignal,
    onOpen: () => void,
    onEvent: (event: WatchEvent) => void,
  ): Promise<void> {
    if (this.#watches >= this.#maxWatches) return await this.#wait(kind, signal, onOpen)
    this.#watches++
    try {
      await this.#turn(kind, signal)
      await this.#options.api.watch(kind, resourceVersion, timeoutSeconds, signal, onOpen, onEvent)
    } catch (error) {
      // A Role may give `list` alone; one that gives neither is told by the list.
      if (!(error instanceof KubeError) || error.status !== FORBIDDEN) throw error
      await this.#wait(kind, signal, onOpen)
    } finally {
      this.#watches--
    }
  }

  async #wait(kind: Collection, signal: AbortSignal, onOpen: () => void): Promise<void> {
    onOpen()
    const { timers, random } = this.#options
    await pause(POLL_MS * (0.75 + random() / 2), timers, signal)
    throw new KubeError(`Cannot watch ${kind.path}: it is read again instead`, GONE)
  }

  async #turn({ path }: Collection, signal: AbortSignal): Promise<void> {
    const { clock, timers } = this.#options
    const own = this.#lines.get(path) ?? new Line(OWN_RATE, clock, timers)
    this.#lines.set(path, own)
    await own.turn(signal)
    await this.#line.turn(signal)
  }
}
