/**
 * What is remembered of keys that anybody may make up, within a number of all of them together. When it is full, the service
 * that has the most forgets what it has not used for longest: a flood of keys at one costs the others nothing.
 */
export class KeyBook<V> {
  readonly #maxKeys: number
  /** By service; the oldest use first: a Map keeps the order in which keys were set. */
  readonly #shelves = new Map<string, Map<number, V>>()
  #largest = new Map<number, V>()
  #size = 0

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#size
  }

  /** Looks, and changes nothing. */
  peek(service: string, key: number): V | undefined {
    return this.#shelves.get(service)?.get(key)
  }

  /** What is remembered, as used now; made when there is nothing. */
  use(service: string, key: number, make: () => V): V {
    const shelf = this.#shelves.get(service) ?? new Map<number, V>()
    if (shelf.size === 0) this.#shelves.set(service, shelf)
    const known = shelf.get(key)
    const value = known ?? make()
    if (known !== undefined) shelf.delete(key)
    else this.#size += 1
    shelf.set(key, value)
    if (shelf.size > this.#largest.size) this.#largest = shelf
    if (this.#size > this.#maxKeys) this.#forget()
    return value
  }

  #forget(): void {
    for (const oldest of this.#largest.keys()) {
      this.#largest.delete(oldest)
      this.#size -= 1
      return
    }
  }
}
