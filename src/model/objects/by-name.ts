/**
 * Values by place (a namespace, say), then by name. A hundred thousand names are then the objects' own, where keys of
 * both would be texts of their own.
 */
export class ByName<V> {
  readonly #places = new Map<string, Map<string, V>>()

  get isEmpty(): boolean {
    return this.#places.size === 0
  }

  get(place: string, name: string): V | undefined {
    return this.#places.get(place)?.get(name)
  }

  /** Everything at one place, by name. */
  of(place: string): ReadonlyMap<string, V> {
    return this.#places.get(place) ?? new Map()
  }

  set(place: string, name: string, value: V): void {
    const values = this.#places.get(place)
    if (values === undefined) this.#places.set(place, new Map([[name, value]]))
    else values.set(name, value)
  }

  /** @returns whether it was there. */
  delete(place: string, name: string): boolean {
    const values = this.#places.get(place)
    if (!values?.delete(name)) return false
    if (values.size === 0) this.#places.delete(place)
    return true
  }

  *entries(): Iterable<[place: string, name: string, value: V]> {
    for (const [place, values] of this.#places) for (const [name, value] of values) yield [place, name, value]
  }

  *keys(): Iterable<[place: string, name: string]> {
    for (const [place, values] of this.#places) for (const name of values.keys()) yield [place, name]
  }
}
