import { PREFIX } from '../model/objects/meta.ts'
import { nearestAnnotation } from './annotations.ts'

/**
 * Whether an annotation was meant to be one of some that guard: left out, it would leave the door open.
 *
 * @param stem what they begin with after the prefix: whatever else does so is one of them
 */
export function isMisspelt(name: string, names: readonly string[], stem: string): boolean {
  if (!name.startsWith(PREFIX) || names.includes(name)) return false
  if (name.toLowerCase().startsWith(PREFIX + stem)) return true
  const nearest = nearestAnnotation(name)
  return nearest !== undefined && nearest !== name && names.includes(nearest)
}
