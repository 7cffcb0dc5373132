import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { ProxySource } from '../model/proxy-source.ts'
import { type Deadlines, NEVER, UNWATCHED, type Watched } from './deadlines.ts'
import { readProxyHeader } from './proxy-header.ts'

export interface GreetingParts {
  readonly deadlines: Deadlines
  /** How long the header may take. */
  readonly headMs: number
  /** The header is read: the stream is paused, and what follows stands first in it. */
  onSource(source: ProxySource): void
  /**
   * There was none, or the connection is gone: it is closed without an answer, as the specification has it.
   * @param reason undefined when nothing came at all: a balancer looks whether the port is open
   */
  onRefused(reason: string | undefined): void
}

/** A proxy's connection until it has said whom it speaks for. */
export class ProxyGreeting implements Watched {
  readonly #stream: Duplex
  readonly #parts: GreetingParts
  #held: Buffer = Buffer.alloc(0)
  #isOver = false
  deadline = NEVER
  watchPlace = UNWATCHED

  constructor(stream: Duplex, parts: GreetingParts) {
    this.#stream = stream
    this.#parts = parts
    this.deadline = parts.deadlines.after(parts.headMs)
    parts.deadlines.add(this)
    stream.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd).on('error', ignore)
  }

  onDeadline(): void {
    this.#refuse('its header took too long')
  }

  /** Ends it: nothing has been asked yet. */
  cut(): void {
    this.#refuse(undefined)
  }

  readonly #onData = (chunk: Buffer): void => {
    // One chunk at a time, and none after the header's last: what is held stays within a header and a chunk.
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const read = readProxyHeader(this.#held)
    if (read.type === 'fault') this.#refuse(read.reason)
    else if (read.type === 'header') {
      this.#letGo()
      this.#stream.pause()
      if (this.#held.length > read.length) this.#stream.unshift(this.#held.subarray(read.length))
      this.#parts.onSource(read.source)
    }
  }

  readonly #onEnd = (): void =>
    this.#refuse(this.#held.length === 0 ? undefined : 'it ended within its header')

  #refuse(reason: string | undefined): void {
    if (this.#isOver) return
    this.#letGo()
    // What a reset may yet bring has nobody else to hear it.
    this.#stream.on('error', ignore)
    this.#stream.destroy()
    this.#parts.onRefused(reason)
  }

  #letGo(): void {
    this.#isOver = true
    this.#parts.deadlines.delete(this)
    const stream = this.#stream
    stream.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd).off('error', ignore)
  }
}

function ignore(): void {}
