import { isAheadOfPods } from '../../compile/awaited-pods.ts'
import type { ObjectChange } from '../../compile/compilation.ts'
import type { Timer, Timers } from '../../model/clock.ts'
import type { EndpointSlice } from '../../model/objects/endpoint-slice.ts'
import { type KubeObject, keyOf, objectKey } from '../../model/objects/object.ts'

/** A watch of Pods that is later than this is in trouble, and how long that will last nobody knows. */
const MAX_HOLD_MS = 1_000

/** Changes of different objects, by what they are of: see changeKey. The first was heard of at `receivedAt`. */
export interface Batch {
  readonly changes: ReadonlyMap<string, ObjectChange>
  readonly receivedAt: number
}

export interface SliceHoldOptions {
  readonly timers: Timers
  /** An object as it was given last, by kind/namespace/name. */
  readonly given: (key: string) => KubeObject | undefined
  /** Something has been held for long enough: sift again. */
  readonly onDue: () => void
}

interface Held {
  readonly change: ObjectChange
  readonly receivedAt: number
  readonly timer: Timer
  /** From its first hold on, whatever comes after: a slice that changes again and again is not held forever. */
  isDue: boolean
}

/**
 * Holds slices back that have come before their Pods: given at once, such a slice would be a moment in which nobody
 * answers, for an endpoint is dialled only when its Pod has been seen. Until the Pods are there, and for a second at
 * most, the slice stays as it was; what it was is judged on, so a Pod that ends meanwhile is not asked any more.
 */
export class SliceHold {
  readonly #options: SliceHoldOptions
  readonly #held = new Map<string, Held>()

  constructor(options: SliceHoldOptions) {
    this.#options = options
  }

  /** Takes a batch, and what was held; tells what is to be given now. */
  sift({ changes, receivedAt }: Batch): Batch {
    const given = new Map(changes)
    let since = receivedAt
    for (const [key, change] of changes) {
      if (this.#isHeld(key, change, changes)) {
        this.#hold(key, change, receivedAt)
        given.delete(key)
      } else {
        this.#release(key)
      }
    }
    for (const [key, { change, receivedAt: heardAt }] of this.#held) {
      if (changes.has(key) || this.#isHeld(key, change, changes)) continue
      this.#release(key)
      given.set(key, change)
      since = Math.min(since, heardAt)
    }
    return { changes: given, receivedAt: since }
  }

  #isHeld(key: string, change: ObjectChange, batch: Batch['changes']): boolean {
    if (change.type !== 'put' || change.object.kind !== 'EndpointSlice') return false
    if (this.#held.get(key)?.isDue) return false
    const before = this.#options.given(keyOf(change.object))
    return before?.kind === 'EndpointSlice' && this.#isAhead(before, change.object, batch)
  }

  #isAhead(before: EndpointSlice, after: EndpointSlice, batch: Batch['changes']): boolean {
    return isAheadOfPods(before, after, (namespace, name) => {
      const key = objectKey('Pod', namespace, name)
      const change = batch.get(changeKeyOf(key))
      if (change?.type === 'delete') return undefined
      const pod = change?.type === 'put' ? change.object : this.#options.given(key)
      return pod?.kind === 'Pod' ? pod : undefined
    })
  }

  #hold(key: string, change: ObjectChange, receivedAt: number): void {
    const before = this.#held.get(key)
    const held: Held = {
      change,
      receivedAt: before?.receivedAt ?? receivedAt,
      isDue: false,
      timer: before?.timer ?? this.#options.timers.start(MAX_HOLD_MS, () => this.#end(key)),
    }
    this.#held.set(key, held)
  }

  #end(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    held.isDue = true
    this.#options.onDue()
  }

  #release(key: string): void {
    this.#held.get(key)?.timer.cancel()
    this.#held.delete(key)
  }
}

/** What a change replaces: an earlier one of the same object, or of the same finding. */
export function changeKey(change: ObjectChange): string {
  switch (change.type) {
    case 'put':
      return changeKeyOf(keyOf(change.object))
    case 'delete':
      return changeKeyOf(change.key)
    case 'found':
      return `found ${change.facet}`
    case 'withheld':
      return `withheld ${change.key}`
    case 'challenge':
      return `challenge ${change.key}`
    case 'time':
      return 'time'
  }
}

function changeKeyOf(key: string): string {
  return `object ${key}`
}
