interface Held<V> {
  readonly value: V
  readonly bytes: number
}

export interface Bounds {
  readonly maxCount: number
  readonly maxBytes: number
}

/** Keeps what was used last, within a count and a number of bytes. */
export class BoundedMap<V> {
  readonly #bounds: Bounds
  /** Oldest use first: a Map keeps the order in which keys were set. */
  readonly #held = new Map<string, Held<V>>()
  #bytes = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#held.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** A use: what is got stays longest. */
  get(key: string): V | undefined {
    const held = this.#held.get(key)
    if (held === undefined) return undefined
    this.#held.delete(key)
    this.#held.set(key, held)
    return held.value
  }

  /** Looks without counting as a use. */
  peek(key: string): V | undefined {
    return this.#held.get(key)?.value
  }

  /** What is larger than all the room there is is not kept. */
  set(key: string, value: V, bytes: number): void {
    this.delete(key)
    if (bytes > this.#bounds.maxBytes) return
    this.#held.set(key, { value, bytes })
    this.#bytes += bytes
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= this.#bounds.maxCount && this.#bytes <= this.#bounds.maxBytes) break
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    this.#held.delete(key)
    this.#bytes -= held.bytes
  }

  *entries(): Iterable<[string, V]> {
    for (const [key, { value }] of this.#held) yield [key, value]
  }
}
