import * as v from 'valibot'
import { encodeCanonical } from './canonical.ts'

/** Ids of keys are for logs, traces and rate limits; the digest is of the key's UTF-8 bytes, in lower-case hex. */
const apiKeys = v.strictObject({
  keys: v.array(v.strictObject({ id: v.string(), sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) })),
})

/**
 * `hash` as htpasswd writes it: bcrypt (`$2y$…`), apr1 (`$apr1$…`) or `{SHA}…`; or `{SSHA256}salt$digest`, both in hex,
 * where the digest is SHA-256 of the salt's bytes followed by the password's.
 */
const basic = v.strictObject({
  users: v.array(v.strictObject({ name: v.string(), hash: v.string() })),
})

/** Public keys only (RFC 7517); each with the members that a verification needs. */
const jwks = v.strictObject({ keys: v.array(v.record(v.string(), v.unknown())) })

/** Both PEM; the leaf of the chain first. */
const clientCertificate = v.strictObject({ chain: v.string(), key: v.string() })

const schemas = { 'api-keys': apiKeys, basic, jwks, 'client-certificate': clientCertificate } as const

/** What the secret part of a credential record holds, by its type: JSON of this. */
export interface CredentialTexts {
  readonly 'api-keys': Readonly<v.InferOutput<typeof apiKeys>>
  readonly basic: Readonly<v.InferOutput<typeof basic>>
  readonly jwks: Readonly<v.InferOutput<typeof jwks>>
  readonly 'client-certificate': Readonly<v.InferOutput<typeof clientCertificate>>
}

export type CredentialType = keyof CredentialTexts

export function writeCredential<T extends CredentialType>(_type: T, value: CredentialTexts[T]): string {
  return encodeCanonical(value)
}

/** @returns undefined when it is none; nothing is said of what it holds instead. */
export function readCredential<T extends CredentialType>(
  type: T,
  text: string,
): CredentialTexts[T] | undefined {
  const parsed = v.safeParse(schemas[type], parseJson(text))
  // The schema was picked by the type, which TypeScript cannot follow through the index.
  return parsed.success ? (parsed.output as CredentialTexts[T]) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
