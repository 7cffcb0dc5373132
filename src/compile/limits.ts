import type { ServiceRecord } from '../model/records.ts'
import type { Reading, Readings } from './annotations.ts'
import { limitAnnotations } from './limit-schema.ts'

const ids = Object.keys(limitAnnotations) as readonly (keyof typeof limitAnnotations)[]

/** Whether an annotation that says who may come, or how much, cannot be read: then nobody may. */
export function isShut(readings: Readings): boolean {
  return ids.some((id) => readings[id].state === 'invalid')
}

/** What annotations say of who may come, and how much; nothing where they are silent. */
export function limitsOf(readings: Readings): Pick<ServiceRecord, 'clients' | 'limits'> {
  const clients = given({ allow: asked(readings.allowCidrs), deny: asked(readings.denyCidrs) })
  const limits = given({
    bodyBytes: asked(readings.maxBodySize),
    headerBytes: asked(readings.maxHeaderSize),
    concurrent: asked(readings.maxConcurrentRequests),
    rate: asked(readings.rateLimit),
  })
  return { ...(clients && { clients }), ...(limits && { limits }) }
}

function asked<T>(reading: Reading<T>): T | undefined {
  return reading.state === 'valid' ? reading.value : undefined
}

/** The members that are there; undefined when there are none. */
function given<T extends object>(members: T): { [K in keyof T]?: NonNullable<T[K]> } | undefined {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined)
  // The same keys with the values that they had, which TypeScript cannot follow through the entries.
  return entries.length === 0
    ? undefined
    : (Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> })
}
