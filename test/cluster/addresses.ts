/** A range of 10.244.x.y, by x: the first `count - 1` are for Pods, the last is for Nodes. */
export interface AddressRange {
  readonly first: number
  readonly count: number
}

/** Of its own for each worker of a test run, for they share the network; below 16 is for tests with no cluster. */
export function rangeOfWorker(poolId: number): AddressRange {
  const count = 8
  return { first: 16 + ((poolId - 1) % 29) * count, count }
}

export function nodeAddress({ first, count }: AddressRange, index: number): string {
  return `10.244.${first + count - 1}.${index + 1}`
}

const HOSTS_PER_OCTET = 254

/** Hands out Pod addresses in a circle: one that was given back is not handed out again at once. */
export class PodAddresses {
  readonly #range: AddressRange
  readonly #size: number
  readonly #taken = new Set<number>()
  #next = 0

  constructor(range: AddressRange) {
    this.#range = range
    this.#size = (range.count - 1) * HOSTS_PER_OCTET
  }

  take(): string {
    if (this.#taken.size === this.#size) throw new Error(`Cannot find a free Pod address among ${this.#size}`)
    while (this.#taken.has(this.#next)) this.#step()
    const index = this.#next
    this.#taken.add(index)
    this.#step()
    const octet = this.#range.first + Math.floor(index / HOSTS_PER_OCTET)
    return `10.244.${octet}.${(index % HOSTS_PER_OCTET) + 1}`
  }

  release(address: string): void {
    const [, , octet, host] = address.split('.').map(Number)
    if (octet === undefined || host === undefined) return
    this.#taken.delete((octet - this.#range.first) * HOSTS_PER_OCTET + host - 1)
  }

  #step(): void {
    this.#next = (this.#next + 1) % this.#size
  }
}
