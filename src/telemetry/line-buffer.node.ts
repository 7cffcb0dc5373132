import { Buffer } from 'node:buffer'
import type { Timer, Timers } from '../model/clock.ts'

export interface LineBufferOptions {
  readonly timers: Timers
  /** Lines leave when the next one does not fit into so many bytes, */
  readonly maxBytes: number
  /** or this much time has passed since the first. */
  readonly flushMs: number
}

/** Gathers lines of ASCII as bytes, so that many leave in one write. */
export class LineBuffer {
  readonly #write: (lines: string) => void
  readonly #options: LineBufferOptions
  readonly #room: Buffer
  #used = 0
  #timer: Timer | undefined

  constructor(write: (lines: string) => void, options: LineBufferOptions) {
    this.#write = write
    this.#options = options
    this.#room = Buffer.allocUnsafeSlow(options.maxBytes)
  }

  add(line: string): void {
    const size = line.length + 1
    if (size > this.#room.length - this.#used) this.flush()
    if (size > this.#room.length) {
      this.#write(`${line}\n`)
      return
    }
    // One character is one byte: the text is written as it was put together, without being made one piece first.
    this.#used += this.#room.write(`${line}\n`, this.#used, 'latin1')
    this.#timer ??= this.#options.timers.start(this.#options.flushMs, () => this.flush())
  }

  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#used === 0) return
    const lines = this.#room.toString('latin1', 0, this.#used)
    this.#used = 0
    this.#write(lines)
  }
}
