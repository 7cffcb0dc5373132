import type { ServiceRecord } from '../model/records.ts'
import { type Readings, valueOr } from './annotations.ts'
import { limitAnnotations } from './limit-schema.ts'

const ids = Object.keys(limitAnnotations) as readonly (keyof typeof limitAnnotations)[]

/** Whether an annotation that says who may come, or how much, cannot be read: then nobody may. */
export function isShut(readings: Readings): boolean {
  return ids.some((id) => readings[id].state === 'invalid')
}

/** What annotations say of who may come; nothing where they are silent. */
export function limitsOf(readings: Readings): Pick<ServiceRecord, 'clients'> {
  const allow = valueOr<readonly string[] | undefined>(readings.allowCidrs, undefined)
  const deny = valueOr<readonly string[] | undefined>(readings.denyCidrs, undefined)
  if (allow === undefined && deny === undefined) return {}
  return { clients: { ...(allow && { allow: [...allow] }), ...(deny && { deny: [...deny] }) } }
}
