import { RegistryError } from '../port.ts'
import { BodyError } from './body.ts'

/** Whatever stopped a read, as an error that says what was being done. */
export function failureOf(action: string, error: unknown): RegistryError {
  if (error instanceof BodyError) return new RegistryError(error.code, `Cannot ${action}: ${error.message}`)
  if (error instanceof RegistryError) return error
  return new RegistryError('unreachable', `Cannot ${action}: ${saidBy(error)}`, { cause: error })
}

/** `fetch` says that it failed, and only its cause says why. */
function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause, message, name } = error
  const why = cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : '') : ''
  return why === '' || message.includes(why) ? message || name : `${message}: ${why}`
}
