import type { Cidr, ParsedAddress } from './address.ts'
import { AddressRanges } from './address-ranges.ts'

export interface Block {
  readonly cidr: Cidr
  /** What is not of the block. */
  readonly except: readonly Cidr[]
}

/** A client as checks see it. */
export interface Caller {
  readonly address: ParsedAddress
  /**
   * The address is a Node's, which source NAT has put in place of the client's: whoever it is, only what is open to every
   * address of the family may admit it.
   */
  readonly isMasked: boolean
}

type Range = readonly [first: bigint, last: bigint]

/** The addresses of many blocks, asked in the time of a binary search, however many there are. Either family. */
export class AddressSet {
  readonly #v4: AddressRanges
  readonly #v6: AddressRanges

  constructor(blocks: readonly Block[]) {
    const ofFamily = (kind: 'ipv4' | 'ipv6'): Range[] =>
      disjoint(blocks.filter(({ cidr: [address] }) => address.kind() === kind).flatMap(rangesOf))
    this.#v4 = new AddressRanges(1, ofFamily('ipv4'))
    this.#v6 = new AddressRanges(4, ofFamily('ipv6'))
  }

  /** @param caller undefined when the address is not known */
  admits(caller: Caller | undefined): boolean {
    if (caller === undefined) return false
    return caller.isMasked ? this.#hasAll(caller.address) : this.has(caller.address)
  }

  has(address: ParsedAddress): boolean {
    return 'octets' in address ? this.#v4.hasOctets(address.octets) : this.#v6.hasParts(address.parts)
  }

  /** Whether every address of the same family is a member. */
  #hasAll(address: ParsedAddress): boolean {
    return 'octets' in address ? this.#v4.isWhole : this.#v6.isWhole
  }
}

/** One for each list: lists are read once, with the flags, and asked at every connection. */
const sets = new WeakMap<readonly Cidr[], AddressSet>()

/** Whether an address is in one of the blocks, in the time of a binary search. The list is not to change. */
export function isInCidrs(address: ParsedAddress, cidrs: readonly Cidr[]): boolean {
  if (cidrs.length === 0) return false
  let set = sets.get(cidrs)
  if (set === undefined) {
    set = new AddressSet(cidrs.map((cidr) => ({ cidr, except: [] })))
    sets.set(cidrs, set)
  }
  return set.has(address)
}

/** What the exceptions leave of a block. */
function rangesOf({ cidr, except }: Block): Range[] {
  const kind = cidr[0].kind()
  let [first, last] = rangeOf(cidr)
  const left: Range[] = []
  for (const [from, to] of disjoint(except.filter(([address]) => address.kind() === kind).map(rangeOf))) {
    if (to < first || from > last) continue
    if (from > first) left.push([first, from - 1n])
    first = to + 1n
  }
  return first > last ? left : [...left, [first, last]]
}

function rangeOf([address, bits]: Cidr): Range {
  const words = wordsOf(address)
  const host = (1n << BigInt(words.length * 32 - bits)) - 1n
  const value = words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
  const first = value - (value & host)
  return [first, first + host]
}

/** Of 32 bits: large numbers are made of few. */
function wordsOf(address: ParsedAddress): number[] {
  if ('octets' in address) {
    const [a = 0, b = 0, c = 0, d = 0] = address.octets
    return [((a << 24) | (b << 16) | (c << 8) | d) >>> 0]
  }
  const { parts } = address
  return [0, 2, 4, 6].map((i) => (((parts[i] ?? 0) << 16) | (parts[i + 1] ?? 0)) >>> 0)
}

/** The same addresses in ranges that neither overlap nor touch, in order. */
function disjoint(ranges: readonly Range[]): Range[] {
  const sorted = ranges.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const joined: Range[] = []
  for (const [first, last] of sorted) {
    const before = joined.at(-1)
    if (before === undefined || first > before[1] + 1n) joined.push([first, last])
    else if (last > before[1]) joined[joined.length - 1] = [before[0], last]
  }
  return joined
}
