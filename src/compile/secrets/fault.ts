import type { Problem } from '../../model/problem.ts'
import type { PosternRecord } from '../../model/records.ts'

/**
 * What is wrong with a Secret, or with the way it is used: each Service that names it is told. Texts are made of names and
 * of words of ours, never of anything that a Secret holds.
 */
export type Fault = Pick<Problem, 'code' | 'severity' | 'message' | 'hint'>

/** What came of reading a Secret for one use. */
export interface SecretReading {
  /** Undefined: what needs it stays closed. */
  readonly record: PosternRecord | undefined
  readonly faults: readonly Fault[]
}

/** The reading fails; nothing is published of the Secret. */
export function failed(...faults: readonly Fault[]): SecretReading {
  return { record: undefined, faults }
}

/** It is not what the use needs. */
export function invalid(message: string, hint: string): Fault {
  return { code: 'secret-invalid', severity: 'error', message, hint }
}
