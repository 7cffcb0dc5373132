import { distance } from 'fastest-levenshtein'

/** Longer than any name that the API takes. What is longer is not a slip of the pen, and takes the square of its length. */
const MAX_CHARS = 320

/** How many letters lie between two names. */
export function editsBetween(a: string, b: string): number {
  const longer = Math.max(a.length, b.length)
  return longer > MAX_CHARS ? longer : distance(a, b)
}
