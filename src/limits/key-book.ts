/** A key and what is remembered of it, between those that were used just before and just after. */
interface Place<V> {
  readonly key: number
  readonly value: V
  older: Place<V> | undefined
  newer: Place<V> | undefined
}

/** Keys of one service, in a ring by last use. */
class Shelf<V> {
  readonly #places = new Map<number, Place<V>>()
  #newest: Place<V> | undefined

  get size(): number {
    return this.#places.size
  }

  peek(key: number): V | undefined {
    return this.#places.get(key)?.value
  }

  use(key: number, make: () => V): V {
    const known = this.#places.get(key)
    if (known === undefined) return this.#add(key, make())
    if (known !== this.#newest) {
      unlink(known)
      this.#makeNewest(known)
    }
    return known.value
  }

  forgetOldest(): void {
    // The ring goes on from the newest to the oldest.
    const oldest = this.#newest?.newer
    if (oldest === undefined) return
    this.#places.delete(oldest.key)
    if (oldest === this.#newest) this.#newest = undefined
    else unlink(oldest)
  }

  #add(key: number, value: V): V {
    const place: Place<V> = { key, value, older: undefined, newer: undefined }
    this.#places.set(key, place)
    this.#makeNewest(place)
    return value
  }

  #makeNewest(place: Place<V>): void {
    const newest = this.#newest ?? place
    const oldest = newest.newer ?? place
    place.older = newest
    place.newer = oldest
    oldest.older = place
    newest.newer = place
    this.#newest = place
  }
}

function unlink({ older, newer }: Place<unknown>): void {
  if (older !== undefined) older.newer = newer
  if (newer !== undefined) newer.older = older
}

/**
 * What is remembered of keys that anybody may make up, within a number of all of them together. When it is full, the service
 * that has the most forgets what it has not used for longest: a flood of keys at one costs the others nothing.
 *
 * A ring, and not the order of a Map alone: to find the first key of a Map takes a walk over all that was deleted before it,
 * of which a flood of keys would make a hundred thousand.
 */
export class KeyBook<V> {
  readonly #maxKeys: number
  readonly #shelves = new Map<string, Shelf<V>>()
  #largest: Shelf<V> | undefined
  #size = 0

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#size
  }

  /** Looks, and changes nothing. */
  peek(service: string, key: number): V | undefined {
    return this.#shelves.get(service)?.peek(key)
  }

  /** What is remembered, as used now; made when there is nothing. */
  use(service: string, key: number, make: () => V): V {
    const shelf = this.#shelves.get(service) ?? new Shelf<V>()
    if (shelf.size === 0) this.#shelves.set(service, shelf)
    const before = shelf.size
    const value = shelf.use(key, make)
    this.#size += shelf.size - before
    if (this.#largest === undefined || shelf.size > this.#largest.size) this.#largest = shelf
    if (this.#size > this.#maxKeys) {
      this.#largest.forgetOldest()
      this.#size -= 1
    }
    return value
  }
}
