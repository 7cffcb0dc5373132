import { parseDuration } from '../model/duration.ts'
import { parseName, type ValueParse } from './values.ts'

/** As a Lease counts: whole seconds. */
export function parseLeaseDuration(text: string): ValueParse<number> {
  const value = parseDuration(text)
  const isWhole = value !== undefined && value % 1_000 === 0
  return isWhole && value >= MIN_LEASE_MS && value <= MAX_LEASE_MS
    ? { ok: true, value }
    : { ok: false, reason: 'not a duration of whole seconds, from 2s to 5m' }
}

/** Shorter ones run out while an API server that is well answers slowly, longer ones leave a cluster without a leader. */
const MIN_LEASE_MS = 2_000
const MAX_LEASE_MS = 300_000

/** `NAMESPACE/NAME`: one object. */
export function parseObjectName(
  text: string,
): ValueParse<{ readonly namespace: string; readonly name: string }> {
  const [namespace = '', name = '', ...rest] = text.split('/')
  return rest.length === 0 && parseName(namespace).ok && parseName(name).ok
    ? { ok: true, value: { namespace, name } }
    : { ok: false, reason: 'not NAMESPACE/NAME, both of lower-case letters, digits and "-"' }
}

export function parseLeaderElection(text: string): ValueParse<'lease' | 'off'> {
  return text === 'lease' || text === 'off'
    ? { ok: true, value: text }
    : { ok: false, reason: 'neither lease nor off' }
}
