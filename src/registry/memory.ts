import { comparePositions, origin, type Position } from '../model/position.ts'
import type { Head } from './head.ts'
import { recordId } from './owner.ts'
import type {
  Entry,
  Load,
  Publish,
  PublishResult,
  RegistryReader,
  RegistryWriter,
  StoredChange,
  StoredRecord,
} from './port.ts'

const DEFAULT_MAX_ENTRIES = 1000

/** A registry inside one process: for `postern up`, and for tests. */
export class MemoryRegistry implements RegistryReader, RegistryWriter {
  readonly #maxEntries: number
  readonly #records = new Map<string, StoredRecord>()
  readonly #waiting = new Set<() => void>()
  #head: Head | undefined
  #entries: Entry[] = []
  /** The newest entry that is no longer held. */
  #trimmed: Position = origin

  constructor(options: { readonly maxEntries?: number } = {}) {
    this.#maxEntries = options.maxEntries ?? DEFAULT_MAX_ENTRIES
  }

  async load(signal: AbortSignal): Promise<Load> {
    signal.throwIfAborted()
    return { before: this.#head, records: [...this.#records.values()], after: this.#head }
  }

  async *entries(position: Position, signal: AbortSignal): AsyncIterable<Entry | 'gap'> {
    let reached = position
    while (!signal.aborted) {
      if (!this.#leadsOnFrom(reached)) {
        yield 'gap'
        return
      }
      const next = this.#entries.find((entry) => comparePositions(entry.head.position, reached) > 0)
      if (next) {
        reached = next.head.position
        yield next
      } else {
        await this.#nextWrite(signal)
      }
    }
  }

  async publish({ expected, head, changes, isWhole }: Publish): Promise<PublishResult> {
    const current = this.#head?.position
    const isExpected = expected && current ? comparePositions(expected, current) === 0 : expected === current
    const previous = current ?? origin
    if (!isExpected || comparePositions(head.position, previous) <= 0) return { ok: false, current }

    if (isWhole) this.#records.clear()
    for (const change of changes) this.#write(change)
    this.#head = head
    // Changes cannot say what a whole publish took away.
    this.#append({ head, previous, changes: isWhole ? 'reload' : changes })
    this.#wake()
    return { ok: true }
  }

  /** Forgets everything, as `FLUSHALL` does. */
  wipe(): void {
    this.#head = undefined
    this.#records.clear()
    this.#entries = []
    this.#trimmed = origin
    this.#wake()
  }

  /** False when entries after the position were trimmed, and when the registry went back behind it. */
  #leadsOnFrom(position: Position): boolean {
    const current = this.#head?.position ?? origin
    return comparePositions(this.#trimmed, position) <= 0 && comparePositions(position, current) <= 0
  }

  #write({ kind, key, text }: StoredChange): void {
    const id = recordId(kind, key)
    if (text === null) this.#records.delete(id)
    else this.#records.set(id, { kind, key, text })
  }

  #append(entry: Entry): void {
    this.#entries.push(entry)
    while (this.#entries.length > this.#maxEntries) {
      this.#trimmed = this.#entries.shift()?.head.position ?? this.#trimmed
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  #nextWrite(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}
