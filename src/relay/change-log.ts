import { comparePositions, type Position } from '../model/position.ts'
import type { Entry } from '../registry/port.ts'
import { type LoggedEntry, logEntry } from './frame.ts'

export interface ChangeLogBounds {
  /** Bytes of entries; the newest one is kept however large it is. */
  readonly maxBytes: number
  readonly maxEntries: number
}

/** The newest entries in order, kept for followers that come back or fall behind. */
export class ChangeLog {
  readonly #bounds: ChangeLogBounds
  #entries: LoggedEntry[] = []
  /** Position before the oldest entry. */
  #base: Position
  #bytes = 0

  constructor(base: Position, bounds: ChangeLogBounds) {
    this.#base = base
    this.#bounds = bounds
  }

  /** The newest position. */
  get end(): Position {
    return this.#entries.at(-1)?.position ?? this.#base
  }

  append(entry: Entry): void {
    const logged = logEntry(entry)
    this.#entries.push(logged)
    this.#bytes += sizeOf(logged)
    const { maxBytes, maxEntries } = this.#bounds
    let surplus = 0
    while (
      surplus < this.#entries.length - 1 &&
      (this.#bytes > maxBytes || this.#entries.length - surplus > maxEntries)
    ) {
      const oldest = this.#entries[surplus]
      if (oldest === undefined) break
      this.#bytes -= sizeOf(oldest)
      this.#base = oldest.position
      surplus++
    }
    if (surplus > 0) this.#entries.splice(0, surplus)
  }

  /**
   * The entry that follows a position.
   * @returns 'end' when there is none yet, 'gap' when it is no longer held or the position is not of this history.
   */
  next(position: Position): LoggedEntry | 'end' | 'gap' {
    if (comparePositions(position, this.end) === 0) return 'end'
    if (comparePositions(position, this.#base) === 0) return this.#entries[0] ?? 'end'
    // Most followers are near the end.
    for (let index = this.#entries.length - 2; index >= 0; index--) {
      const order = comparePositions(this.#entries[index]?.position ?? this.#base, position)
      if (order === 0) return this.#entries[index + 1] ?? 'end'
      if (order < 0) return 'gap'
    }
    return 'gap'
  }

  /** Bytes of the entries held after a position. */
  bytesAfter(position: Position): number {
    let bytes = 0
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index]
      if (entry === undefined || comparePositions(entry.position, position) <= 0) break
      bytes += sizeOf(entry)
    }
    return bytes
  }
}

function sizeOf({ frames }: LoggedEntry): number {
  return frames.entries.plain.byteLength + frames.hints.plain.byteLength
}
