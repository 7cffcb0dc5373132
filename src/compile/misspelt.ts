import { PREFIX } from '../model/objects/meta.ts'
import { nearestAnnotation } from './annotations.ts'

/**
 * Whether an annotation was meant to be one of some that guard: left out, it would leave the door open.
 *
 * @param stems what they begin with after the prefix: whatever else does so is one of them
 */
export function isMisspelt(name: string, names: readonly string[], ...stems: readonly string[]): boolean {
  if (!name.startsWith(PREFIX) || names.includes(name)) return false
  const rest = name.slice(PREFIX.length).toLowerCase()
  if (stems.some((stem) => rest.startsWith(stem))) return true
  const nearest = nearestAnnotation(name)
  return nearest !== undefined && nearest !== name && names.includes(nearest)
}
