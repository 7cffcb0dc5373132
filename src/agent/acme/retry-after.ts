/**
 * Retry-After (RFC 9110 §10.2.3), in seconds or as a date, as ms from now; 0 when there is none that can be read.
 *
 * @param now ms since the Unix epoch
 */
export function retryAfterMs(field: string | undefined, now: number): number {
  const text = field?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? 0 : Math.max(0, at - now)
}
