import { comparePositions, formatPosition, origin, type Position } from '../../src/model/position.ts'
import type { Head } from '../../src/registry/head.ts'
import {
  type Entry,
  type Load,
  type Publish,
  type PublishResult,
  RegistryError,
  type RegistryReader,
  type RegistryWriter,
  type StoredRecord,
} from '../../src/registry/port.ts'
import type { Turns } from './turns.ts'

/** What it holds at a moment; never changed, so that it can be gone back to. */
interface State {
  readonly head: Head | undefined
  readonly records: ReadonlyMap<string, StoredRecord>
  readonly entries: readonly Entry[]
}

const EMPTY: State = { head: undefined, records: new Map(), entries: [] }

/**
 * Redis as docs/design.md §4 uses it, where between any two commands anybody else may have a turn. What was acknowledged
 * can be lost, as by a fail-over or an older dump.
 */
export class ModelRedis implements RegistryReader, RegistryWriter {
  readonly #turns: Turns
  #state = EMPTY
  readonly #history: State[] = [EMPTY]
  /** Texts by kind and key of each state that was ever published, by position and root. */
  readonly published = new Map<string, string>()
  /** Whether the answers of publishes are lost on their way. */
  losesAnswers = false
  /** Counts up when every connection is cut. */
  #cuts = 0

  constructor(turns: Turns) {
    this.#turns = turns
  }

  get head(): Head | undefined {
    return this.#state.head
  }

  get records(): string {
    return textOf(this.#state.records.values())
  }

  /** Goes back by so many writes. */
  loseWrites(count: number): void {
    this.#state = this.#history.at(-1 - Math.min(count, this.#history.length - 1)) ?? EMPTY
  }

  wipe(): void {
    this.#state = EMPTY
  }

  cut(): void {
    this.#cuts++
  }

  async publish({ expected, head, changes, isWhole }: Publish): Promise<PublishResult> {
    // The writer may be paused here for long: it was leader when it decided.
    await this.#turns.turn()
    const current = this.#state.head?.position
    const previous = current ?? origin
    const isExpected = expected && current ? comparePositions(expected, current) === 0 : expected === current
    const isWritten = isExpected && comparePositions(head.position, previous) > 0
    if (isWritten) {
      const records = new Map(isWhole ? [] : this.#state.records)
      for (const { kind, key, text } of changes) {
        if (text === null) records.delete(`${kind} ${key}`)
        else records.set(`${kind} ${key}`, { kind, key, text })
      }
      const entry: Entry = { head, previous, changes: isWhole ? 'reload' : changes }
      // An entry beyond the head is of a history that was lost.
      const entries = this.#state.entries.filter(
        (each) => comparePositions(each.head.position, head.position) < 0,
      )
      this.#state = { head, records, entries: [...entries, entry] }
      this.#history.push(this.#state)
      this.published.set(nameOf(head), textOf(records.values()))
    }
    await this.#turns.turn()
    if (this.losesAnswers) throw new RegistryError('unreachable', 'Command timed out')
    return isWritten ? { ok: true } : { ok: false, current }
  }

  /** In four commands, between which anything may be written: such a load is torn. */
  async load(): Promise<Load> {
    const { head: before } = await this.#read()
    const half = (isFirst: boolean, { records }: State): StoredRecord[] =>
      [...records.values()].filter(({ key }) => key < 'b' === isFirst)
    const first = half(true, await this.#read())
    const second = half(false, await this.#read())
    const { head: after } = await this.#read()
    return { before, records: [...first, ...second], after }
  }

  async *entries(position: Position, signal: AbortSignal): AsyncIterable<Entry | 'gap'> {
    const cuts = this.#cuts
    let reached = position
    while (!signal.aborted) {
      const { entries, head } = await this.#read()
      if (cuts !== this.#cuts) throw new RegistryError('unreachable', 'Connection is closed')
      const next = entries.find((entry) => comparePositions(entry.head.position, reached) > 0)
      if (next !== undefined && comparePositions(next.previous, reached) === 0) {
        reached = next.head.position
        yield next
      } else if (next !== undefined || comparePositions(head?.position ?? origin, reached) !== 0) {
        yield 'gap'
        return
      }
    }
  }

  async #read(): Promise<State> {
    await this.#turns.turn()
    return this.#state
  }
}

export function nameOf({ position, root }: Head): string {
  return `${formatPosition(position)} ${root}`
}

export function textOf(records: Iterable<StoredRecord>): string {
  return [...records]
    .map(({ kind, key, text }) => `${kind} ${key} ${text}`)
    .sort()
    .join('\n')
}
