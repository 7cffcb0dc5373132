import type { ObjectChange } from '../../compile/compilation.ts'
import { ByName } from '../../model/objects/by-name.ts'
import { type ObjectParse, objectKey, parseObject, splitKey } from '../../model/objects/object.ts'
import type { WatchedKind } from './kinds.ts'
import { SharedParts } from './shared-parts.ts'
import type { RawObject } from './wire.ts'

/** One object of an answer, stripped to what is used; `held` when it is the very one that was given already. */
export interface Reading {
  readonly key: string
  readonly version: string
  readonly parsed: ObjectParse | { readonly type: 'held' }
}

/** What has been given of one kind of object: tells what is news. */
export class Mirror {
  readonly #kind: WatchedKind
  readonly #onChange: (change: ObjectChange) => void
  /** Resource version of each object held, by namespace and name. */
  readonly #held = new ByName<string>()
  /** Objects that could not be read, by key. */
  readonly #unreadable = new Set<string>()
  readonly #parts = new SharedParts()

  constructor(kind: WatchedKind, onChange: (change: ObjectChange) => void) {
    this.#kind = kind
    this.#onChange = onChange
  }

  get isEmpty(): boolean {
    return this.#held.isEmpty
  }

  /** Changes nothing yet. */
  read(object: RawObject): Reading {
    const { kind, apiVersion } = this.#kind
    const { name, namespace, resourceVersion: version } = object.metadata
    const key = objectKey(kind, namespace, name)
    if (this.#held.get(namespace, name) === version) return { key, version, parsed: { type: 'held' } }
    // Items of a list have no type of their own.
    const parsed = parseObject({ ...object, apiVersion, kind })
    if (parsed.type !== 'object') return { key, version, parsed }
    return { key, version, parsed: { type: 'object', object: this.#parts.share(parsed.object) } }
  }

  /** Takes a whole list: what is not in it is gone. */
  replace(readings: ReadonlyMap<string, Reading>): void {
    for (const key of this.#unreadable) if (!readings.has(key)) this.drop(key)
    for (const [namespace, name] of this.#held.keys()) {
      const key = objectKey(this.#kind.kind, namespace, name)
      if (!readings.has(key)) this.drop(key)
    }
    for (const reading of readings.values()) this.put(reading)
  }

  put({ key, version, parsed }: Reading): void {
    switch (parsed.type) {
      case 'held':
        return
      case 'object':
        if (this.#unreadable.delete(key)) this.#find(key)
        this.#held.set(parsed.object.meta.namespace, parsed.object.meta.name, version)
        this.#onChange({ type: 'put', object: parsed.object })
        return
      default:
        this.drop(key)
        this.#unreadable.add(key)
        this.#find(key, parsed)
    }
  }

  drop(key: string): void {
    const { namespace, name } = splitKey(key)
    if (this.#held.delete(namespace, name)) this.#onChange({ type: 'delete', key })
    if (this.#unreadable.delete(key)) this.#find(key)
  }

  #find(key: string, parsed?: ObjectParse): void {
    const problems = parsed?.type === 'problems' ? parsed.problems : []
    this.#onChange({ type: 'found', facet: `object ${key}`, problems })
  }
}
