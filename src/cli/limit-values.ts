import type { ValueParse } from './values.ts'

/** 0: off. */
export function parseLimit(text: string): ValueParse<number> {
  if (text === 'off') return { ok: true, value: 0 }
  return /^[1-9]\d{0,6}$/.test(text)
    ? { ok: true, value: Number(text) }
    : { ok: false, reason: 'neither off nor a whole number from 1 to 9999999' }
}
