/** One refusal may be of one object (an admission webhook's); after so many in a row it is the whole namespace's. */
const MAX_IN_A_ROW = 2

interface Refused {
  readonly times: number
  readonly until: number
}

/** Namespaces in which the API server takes no Events from us (403): they wait, and the others do not. */
export class Refusals {
  readonly #waitMs: number
  readonly #places = new Map<string, Refused>()

  constructor(waitMs: number) {
    this.#waitMs = waitMs
  }

  /** @param now clock.elapsed, as everywhere here */
  refuse(namespace: string, now: number): void {
    const times = (this.#places.get(namespace)?.times ?? 0) + 1
    // Namespaces that are gone leave theirs behind.
    for (const [place, { until }] of this.#places) if (until <= now) this.#places.delete(place)
    this.#places.set(namespace, { times, until: now + this.#waitMs })
  }

  allow(namespace: string): void {
    this.#places.delete(namespace)
  }

  /** When to write there again; 0: at once. */
  allowedAt(namespace: string): number {
    const refused = this.#places.get(namespace)
    return refused === undefined || refused.times < MAX_IN_A_ROW ? 0 : refused.until
  }
}
