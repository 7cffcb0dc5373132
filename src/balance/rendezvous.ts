/** FNV-1a over UTF-16 units, 32 bits with a sign, which no number object must hold: spread again by {@link mix}. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

/**
 * The one of some endpoints on which all gateways agree for a client without a word between them (highest random weight,
 * Thaler and Ravishankar 1998): when an endpoint goes, only its own clients move; when one comes, it takes its share.
 */
export function rendezvous<T extends { readonly hash: number }>(
  endpoints: readonly T[],
  client: number,
): T | undefined {
  let best: T | undefined
  let bestWeight = -1
  for (const endpoint of endpoints) {
    const weight = mix(endpoint.hash ^ client)
    if (weight > bestWeight) {
      best = endpoint
      bestWeight = weight
    }
  }
  return best
}

/** A number in (0, 1] that is the same for a client wherever it is worked out, and another for each of `hash`. */
export function lotOf(hash: number, client: number): number {
  return (mix(hash ^ client) + 1) / 0x1_0000_0000
}

/** MurmurHash3's finaliser: every bit of the input turns about half of the output's. */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
