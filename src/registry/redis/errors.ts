import { RegistryError } from '../port.ts'

/**
 * What Redis or the way to it says, as ours. Only what Redis holds can be `invalid`; everything else may pass: no
 * connection, no permission, loading, read-only, out of memory.
 */
export function registryError(
  action: string,
  error: unknown,
  lastTrouble: string | undefined,
): RegistryError {
  if (error instanceof RegistryError) return error
  const said = error instanceof Error ? error.message || error.name : String(error)
  const code = said.startsWith('WRONGTYPE') ? 'invalid' : 'unreachable'
  // ioredis says that a connection is closed, and elsewhere why.
  const why = lastTrouble === undefined || said.includes(lastTrouble) ? '' : ` (${lastTrouble})`
  return new RegistryError(code, `Cannot ${action}: ${said}${why}`, { cause: error })
}
