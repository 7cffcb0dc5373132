import type { RequestHead } from './road.ts'

/** The most that is passed on; no chain of gateways is longer. */
const MOST = 256

/**
 * How often a request may still be forwarded (RFC 9110 §7.6.2): said by OPTIONS alone, for TRACE goes no further than
 * here, and others may say what they like.
 */
export function maxForwardsOf(head: RequestHead): number | 'invalid' | undefined {
  if (head.method !== 'OPTIONS') return undefined
  const text = head.field('max-forwards')
  if (text === undefined) return undefined
  return /^\d+$/.test(text) ? Math.min(Number(text), MOST) : 'invalid'
}
