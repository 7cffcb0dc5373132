import type { ServiceRecord } from '../model/records.ts'

/** Keys of the credential records that a Service's clients are compared with: what a gateway needs beside the Service. */
export function credentialsOf({ jwt, access }: ServiceRecord): readonly string[] {
  const keys = [
    ...(jwt?.issuers ?? []).map(({ jwksCredential }) => jwksCredential),
    access?.apiKeys?.credential,
    access?.basic?.credential,
  ]
  return [...new Set(keys.flatMap((key) => key ?? []))]
}
