import type { Random } from '../model/clock.ts'
import { lotOf } from './rendezvous.ts'

/** Somebody who takes a share of the requests. */
export interface Sharer {
  /** Its share is this against the sum of all. 0: only when the others cannot. */
  readonly weight: number
  /** Of its name, for clients that stay with one. */
  readonly hash: number
}

/**
 * Sharers in the order in which a request asks them, so that each is the first for its share of requests; those of
 * weight 0 are last, in the order given. The lots -ln(u)/weight are weighted rendezvous (Schindelhauer and Schomaker
 * 2005): without the first, the second is who would have been it, so nobody else's clients move.
 *
 * @param affinity hash of a client that stays with one sharer; undefined draws lots anew each time
 */
export function byShare<S extends Sharer>(
  sharers: readonly S[],
  affinity: number | undefined,
  random: Random,
): readonly S[] {
  const lots = sharers.map((sharer) => {
    const { weight, hash } = sharer
    if (weight === 0) return { sharer, lot: Number.POSITIVE_INFINITY }
    const drawn = affinity === undefined ? 1 - random() : lotOf(hash, affinity)
    return { sharer, lot: -Math.log(drawn) / weight }
  })
  // Two infinite ones would differ by NaN.
  return lots.sort((a, b) => (a.lot === b.lot ? 0 : a.lot - b.lot)).map(({ sharer }) => sharer)
}
