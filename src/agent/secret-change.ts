import type { RecordChange } from '../compile/compilation.ts'
import type { SecretPart } from '../model/secret-part.ts'

/** A record that is there and has a part which only gateways may read. */
export type SecretChange = Extract<
  RecordChange,
  { readonly kind: 'certificate' | 'credential'; readonly value: object }
>

export function hasSecret(change: RecordChange): change is SecretChange {
  return (change.kind === 'certificate' || change.kind === 'credential') && change.value !== null
}

export function secretOf(change: SecretChange): SecretPart {
  return change.kind === 'certificate' ? change.value.key : change.value.secret
}

/** The same record with another part. */
export function withSecret(change: SecretChange, part: SecretPart): SecretChange {
  return change.kind === 'certificate'
    ? { ...change, value: { ...change.value, key: part } }
    : { ...change, value: { ...change.value, secret: part } }
}
