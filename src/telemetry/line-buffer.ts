import type { Timer, Timers } from '../model/clock.ts'

export interface LineBufferOptions {
  readonly timers: Timers
  /** Lines leave when there are this many characters of them, */
  readonly maxChars: number
  /** or this much time has passed since the first. */
  readonly flushMs: number
}

/** Gathers lines, so that many leave in one write. */
export class LineBuffer {
  readonly #write: (lines: string) => void
  readonly #options: LineBufferOptions
  #lines = ''
  #timer: Timer | undefined

  constructor(write: (lines: string) => void, options: LineBufferOptions) {
    this.#write = write
    this.#options = options
  }

  add(line: string): void {
    this.#lines += `${line}\n`
    if (this.#lines.length >= this.#options.maxChars) this.flush()
    else this.#timer ??= this.#options.timers.start(this.#options.flushMs, () => this.flush())
  }

  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const lines = this.#lines
    this.#lines = ''
    if (lines !== '') this.#write(lines)
  }
}
