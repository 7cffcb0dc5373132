import { parseDuration } from '../model/duration.ts'
import { parseRedisAddress } from '../registry/redis/address.ts'

/** A value read off the command line, or why it cannot be. */
export type ValueParse<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string }

export function parseBoolean(text: string): ValueParse<boolean> {
  return text === 'true' || text === 'false'
    ? { ok: true, value: text === 'true' }
    : { ok: false, reason: 'neither true nor false' }
}

export function parseName(text: string): ValueParse<string> {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, reason: 'not a DNS label: lower-case letters, digits and "-", at most 63' }
}

export function parseMillis(text: string): ValueParse<number> {
  const value = parseDuration(text)
  return value === undefined
    ? { ok: false, reason: 'not a duration such as 500ms, 30s or 1m30s' }
    : { ok: true, value }
}

export function parseRatio(text: string): ValueParse<number> {
  const value = Number(text)
  return /^\d*\.?\d+$/.test(text) && value <= 1
    ? { ok: true, value }
    : { ok: false, reason: 'not a number from 0 to 1' }
}

export function parseHttpUrl(text: string): ValueParse<string> {
  const url = URL.parse(text)
  return url?.protocol === 'http:' || url?.protocol === 'https:'
    ? { ok: true, value: text }
    : { ok: false, reason: 'not an http:// or https:// URL' }
}

export function parseText(text: string): ValueParse<string> {
  return text === '' ? { ok: false, reason: 'is empty' } : { ok: true, value: text }
}

export function parseRedisUrl(text: string): ValueParse<string> {
  const parsed = parseRedisAddress(text)
  return parsed.ok ? { ok: true, value: text } : parsed
}
