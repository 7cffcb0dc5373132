import type { ValueParse } from './values.ts'

/** So many processes, or one for each CPU that this one may use. */
export type WorkerCount = number | 'auto'

/** More of them than any machine has cores for is a slip of the hand. */
const MAX_WORKERS = 256

export function parseWorkerCount(text: string): ValueParse<WorkerCount> {
  if (text === 'auto') return { ok: true, value: text }
  const value = Number(text)
  return /^\d{1,3}$/.test(text) && value >= 1 && value <= MAX_WORKERS
    ? { ok: true, value }
    : { ok: false, reason: `neither auto nor a number from 1 to ${MAX_WORKERS}` }
}
