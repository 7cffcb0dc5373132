import { type FlagValue, flags } from '../flags.ts'

export type KeysFlagId = 'keysNamespace' | 'rotate' | 'retire' | 'keys'
type Values = { readonly [K in KeysFlagId]: FlagValue<K> }

/** What is to be done with keys; `-` is standard input. */
export type KeysTask =
  | { readonly type: 'make'; readonly namespace: string }
  | { readonly type: 'rotate' | 'retire'; readonly path: string; readonly namespace: string }
  | { readonly type: 'print'; readonly path: string }

/** Faults are noted. */
export function readKeysTask(
  operand: string | undefined,
  { keysNamespace: namespace, rotate, retire, keys }: Values,
  faults: string[],
): KeysTask | undefined {
  if (operand === 'print') {
    for (const [flag, value] of [
      [flags.rotate, rotate],
      [flags.retire, retire],
    ] as const) {
      if (value !== undefined) faults.push(`${flag.name} is for keys make, not for keys print`)
    }
    if (keys === undefined) faults.push(`${flags.keys.name} is missing: which Secrets shall be printed?`)
    return keys === undefined ? undefined : { type: 'print', path: keys }
  }
  if (operand !== 'make') {
    const what = operand === undefined ? 'make or print is missing' : `"${operand}" is neither make nor print`
    faults.push(`${what}: what shall be done with keys?`)
    return undefined
  }
  if (keys !== undefined) faults.push(`${flags.keys.name} is for keys print, not for keys make`)
  if (rotate !== undefined && retire !== undefined)
    faults.push(`${flags.rotate.name} and ${flags.retire.name} say different things`)
  if (rotate !== undefined) return { type: 'rotate', path: rotate, namespace }
  return retire === undefined ? { type: 'make', namespace } : { type: 'retire', path: retire, namespace }
}
