import { isRecordKind, parseRecord } from '../model/parse-record.ts'
import type { PosternRecord, RecordKind } from '../model/records.ts'
import type { StoredChange } from '../registry/port.ts'

export type TableChange =
  | PosternRecord
  | { [K in RecordKind]: { readonly kind: K; readonly key: string; readonly value: null } }[RecordKind]

/** A change as a registry holds it. What cannot be read is added to `unreadable`. */
export function readChange({ kind, key, text }: StoredChange, unreadable: Unreadable): TableChange[] {
  if (text === null) return isRecordKind(kind) ? [{ kind, key, value: null }] : []
  const parsed = parseRecord(kind, key, text)
  if (parsed.ok) return [parsed.record]
  unreadable.add(parsed.reason)
  return isRecordKind(kind) ? [standInFor(kind, key)] : []
}

/**
 * What stands for a record that this gateway cannot read, such as one of a newer agent: closed for whoever it is about,
 * and nothing for the others. A service or a policy that is missing lets nobody through.
 */
function standInFor(kind: RecordKind, key: string): TableChange {
  switch (kind) {
    case 'route': {
      const origin = { kind: 'Route', namespace: '', name: key }
      const action = { type: 'unavailable' as const, problem: 'record-unreadable' }
      return {
        kind,
        key,
        value: { host: key, rules: [{ path: { type: 'prefix', value: '/' }, action, origin }] },
      }
    }
    case 'endpoints':
      // Who may not be reached is not known, and a NodePort leads to all.
      return { kind, key, value: { family: 'IPv4', ports: [], endpoints: [], refused: 1 } }
    default:
      return { kind, key, value: null }
  }
}

/** How many records are told one by one. */
const MAX_TOLD = 20

/** Gathers why records cannot be read. A newer agent may have written all of them: the first are told, and the count. */
export class Unreadable {
  readonly #told: Error[] = []
  #others = 0

  add(reason: string): void {
    if (this.#told.length < MAX_TOLD) this.#told.push(new Error(`Cannot read record: ${reason}`))
    else this.#others++
  }

  errors(): readonly Error[] {
    if (this.#others === 0) return this.#told
    return [...this.#told, new Error(`Cannot read ${this.#others} more records`)]
  }
}
