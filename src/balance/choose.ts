import type { Random } from '../model/clock.ts'
import type { BalanceState, Choice, Endpoint } from './endpoint.ts'
import { rendezvous } from './rendezvous.ts'

/**
 * Picks the endpoint for the next attempt among those not tried yet, and a suspect one only when there is no other;
 * undefined when there is none left.
 */
export function choose(
  { service, candidates, affinity }: Choice,
  state: BalanceState,
  random: Random,
  tried: readonly Endpoint[],
): Endpoint | undefined {
  const untried =
    tried.length === 0 ? candidates : candidates.filter((candidate) => !isTried(candidate, tried))
  const trusted = withoutSuspects(untried, state)
  const open =
    service.record.spillOver === undefined ? trusted : nearest(trusted, state, service.record.spillOver)
  if (open.length <= 1) return open[0]
  if (affinity !== undefined) return rendezvous(open, affinity)
  switch (service.record.balance) {
    case 'round-robin':
      return open[state.turnOf(service.key) % open.length]
    case 'least-request':
      return lessBusyOfTwo(open, state, random)
  }
}

function withoutSuspects(open: readonly Endpoint[], state: BalanceState): readonly Endpoint[] {
  if (!state.hasSuspects) return open
  const trusted = open.filter(({ key }) => !state.isSuspect(key))
  return trusted.length > 0 ? trusted : open
}

/** Those meant for callers here, as long as one of them has fewer than `limit` requests under way. */
function nearest(open: readonly Endpoint[], state: BalanceState, limit: number): readonly Endpoint[] {
  const near = open.filter(({ isFar }) => !isFar)
  if (near.length === open.length) return open
  const free = near.filter(({ key }) => state.loadOf(key) < limit)
  return free.length > 0 ? free : open
}

/** Power of two choices (Mitzenmacher 2001): near the best load at the cost of two look-ups, and no herding. */
function lessBusyOfTwo(open: readonly Endpoint[], state: BalanceState, random: Random): Endpoint | undefined {
  const first = Math.floor(random() * open.length)
  // Over the others, so that the two always differ.
  const second = (first + 1 + Math.floor(random() * (open.length - 1))) % open.length
  const [a, b] = [open[first], open[second]]
  if (a === undefined || b === undefined) return a ?? b
  return state.loadOf(b.key) < state.loadOf(a.key) ? b : a
}

// By key: a table that was swapped between attempts holds other objects for the same endpoint.
function isTried(candidate: Endpoint, tried: readonly Endpoint[]): boolean {
  return tried.some(({ key }) => key === candidate.key)
}
