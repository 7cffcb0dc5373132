/**
 * Ranges of addresses of one family as words of 32 bits, one for IPv4 and four for IPv6: no object for each range, and
 * nothing allocated for a question.
 */
export class AddressRanges {
  readonly #count: number
  readonly #firsts: Uint32Array
  readonly #lasts: Uint32Array

  /** @param ranges in order, none of which overlap or touch */
  constructor(words: 1 | 4, ranges: readonly (readonly [first: bigint, last: bigint])[]) {
    this.#count = ranges.length
    this.#firsts = pack(
      words,
      ranges.map(([first]) => first),
    )
    this.#lasts = pack(
      words,
      ranges.map(([, last]) => last),
    )
  }

  /** Every address is in a range. */
  get isWhole(): boolean {
    // None touch, so that it takes one.
    return (
      this.#count === 1 &&
      this.#firsts.every((word) => word === 0) &&
      this.#lasts.every((word) => word === 0xffff_ffff)
    )
  }

  /** @param octets of an IPv4 address */
  hasOctets([a = 0, b = 0, c = 0, d = 0]: readonly number[]): boolean {
    const value = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
    let [low, high] = [0, this.#count]
    // The first range that begins after the address: only the one before it may hold it.
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#firsts[middle] ?? 0) <= value) low = middle + 1
      else high = middle
    }
    return low > 0 && value <= (this.#lasts[low - 1] ?? 0)
  }

  /** @param parts of an IPv6 address, of 16 bits each */
  hasParts(parts: readonly number[]): boolean {
    let [low, high] = [0, this.#count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareAt(this.#firsts, middle, parts) <= 0) low = middle + 1
      else high = middle
    }
    return low > 0 && compareAt(this.#lasts, low - 1, parts) >= 0
  }
}

/** How the address at an index stands to another: negative when it is smaller. */
function compareAt(bounds: Uint32Array, index: number, parts: readonly number[]): number {
  for (let i = 0; i < 4; i++) {
    const word = (((parts[2 * i] ?? 0) << 16) | (parts[2 * i + 1] ?? 0)) >>> 0
    const difference = (bounds[4 * index + i] ?? 0) - word
    if (difference !== 0) return difference
  }
  return 0
}

function pack(words: 1 | 4, bounds: readonly bigint[]): Uint32Array {
  const packed = new Uint32Array(bounds.length * words)
  bounds.forEach((bound, i) => {
    for (let word = 0; word < words; word++) {
      packed[i * words + word] = Number((bound >> BigInt(32 * (words - 1 - word))) & 0xffff_ffffn)
    }
  })
  return packed
}
