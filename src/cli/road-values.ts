import { parseDuration } from '../model/duration.ts'
import type { ValueParse } from './values.ts'

export function parseForwardedHeader(text: string): ValueParse<'x-forwarded-for' | 'forwarded'> {
  return text === 'x-forwarded-for' || text === 'forwarded'
    ? { ok: true, value: text }
    : { ok: false, reason: 'neither x-forwarded-for nor forwarded' }
}

export function parseHops(text: string): ValueParse<number> {
  return /^(?:0|[1-9]\d?)$/.test(text)
    ? { ok: true, value: Number(text) }
    : { ok: false, reason: 'not a whole number from 0 to 99' }
}

export function parseNetworkPolicy(text: string): ValueParse<'enforce' | 'report' | 'off'> {
  return text === 'enforce' || text === 'report' || text === 'off'
    ? { ok: true, value: text }
    : { ok: false, reason: 'none of enforce, report and off' }
}

/** 0: off. A duration of nothing would be stale at once, which nobody means. */
export function parseMaxStale(text: string): ValueParse<number> {
  if (text === 'off') return { ok: true, value: 0 }
  const value = parseDuration(text)
  return value === undefined || value === 0
    ? { ok: false, reason: 'neither off nor a duration such as 30m or 1h' }
    : { ok: true, value }
}

/** 0: off. */
export function parseLimit(text: string): ValueParse<number> {
  if (text === 'off') return { ok: true, value: 0 }
  return /^[1-9]\d{0,6}$/.test(text)
    ? { ok: true, value: Number(text) }
    : { ok: false, reason: 'neither off nor a whole number from 1 to 9999999' }
}
