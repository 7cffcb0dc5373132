import { type CredentialTexts, type CredentialType, writeCredential } from '../../model/credential-texts.ts'
import type { Secret } from '../../model/objects/secret.ts'
import { type Fault, failed, invalid, type SecretReading } from './fault.ts'
import type { DataObject } from './secret-data.ts'

/** A credential record of what was read. */
export function credential<T extends CredentialType>(
  type: T,
  key: string,
  value: CredentialTexts[T],
  faults: readonly Fault[] = [],
): SecretReading {
  const secret = { form: 'open', text: writeCredential(type, value) } as const
  return { record: { kind: 'credential', key, value: { type, secret } }, faults }
}

/** A Secret of one of some types; undefined for what is none, such as the token of a ServiceAccount. */
export function secretOfType(object: DataObject, types: readonly string[]): Secret | undefined {
  return object.kind === 'Secret' && types.includes(object.type) ? object : undefined
}

export function wrongType({ kind, meta }: DataObject, types: readonly string[]): SecretReading {
  const hint = `It takes a Secret of type ${types.join(' or ')}; the type of one that is there cannot be changed.`
  return failed(invalid(`${kind} ${meta.name} is not of type ${types.join(' or ')}`, hint))
}
