import { type FlagValue, flags } from './flags.ts'
import type { KeyFile } from './key-values.ts'
import { isFaulty } from './registry-source.ts'

/** Whose heads are taken: those of the keys in these files, or anybody's. */
export type TrustSource =
  | { readonly type: 'keys'; readonly files: readonly KeyFile[] }
  | { readonly type: 'unsigned' }

/** What an agent signs with. */
export type SigningSource = { readonly type: 'key'; readonly path: string } | { readonly type: 'unsigned' }

export type TrustFlagId = 'trustedKeys' | 'unsigned'
export type SigningFlagId = 'signingKey' | 'unsigned'

type TrustValues = { readonly [K in TrustFlagId]: FlagValue<K> }
type SigningValues = { readonly [K in SigningFlagId]: FlagValue<K> }

const HOW = '`postern keys make` makes a pair (docs/registry-trust.md)'

/** @param clusters whose heads are read: each needs keys. Faults are noted. */
export function readTrust(
  { trustedKeys, unsigned }: TrustValues,
  clusters: readonly string[],
  faults: string[],
): TrustSource {
  if (!isOne('trustedKeys', trustedKeys.length > 0, unsigned, 'whoever writes to it decides', faults)) {
    return { type: 'unsigned' }
  }
  const { name } = flags.trustedKeys
  for (const cluster of clusters) {
    if (trustedKeys.some((file) => file.cluster === undefined || file.cluster === cluster)) continue
    faults.push(`${name} has no key of cluster "${cluster}": who signs its records?`)
  }
  for (const { cluster } of trustedKeys) {
    if (cluster !== undefined && !clusters.includes(cluster))
      faults.push(`${name} has a key of "${cluster}", which is not a cluster that is read`)
  }
  return { type: 'keys', files: trustedKeys }
}

/** Faults are noted. */
export function readSigning({ signingKey, unsigned }: SigningValues, faults: string[]): SigningSource {
  const why = 'gateways that ask for signatures then take nothing of it'
  return isOne('signingKey', signingKey !== undefined, unsigned, why, faults) && signingKey !== undefined
    ? { type: 'key', path: signingKey }
    : { type: 'unsigned' }
}

/** Whether keys are given; a fault is noted when they are not and nobody has said that they shall not be. */
function isOne(
  id: 'trustedKeys' | 'signingKey',
  isGiven: boolean,
  isUnsigned: boolean,
  why: string,
  faults: string[],
): boolean {
  const [{ name, env }, unsigned] = [flags[id], flags.unsigned.name]
  if (isGiven && isUnsigned) faults.push(`${name} and ${unsigned} say different things`)
  else if (!isGiven && !isUnsigned && !isFaulty([id, 'unsigned'], faults)) {
    faults.push(
      `${name} (or ${env.join(', ')}) is missing: ${HOW}. ${unsigned} does without, for development: ${why}`,
    )
  }
  return isGiven
}
