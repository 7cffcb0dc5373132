import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base64url } from 'jose'
import * as v from 'valibot'

/** `Ed25519` signs heads, `X25519` seals secrets: RFC 8037. */
export type Curve = 'Ed25519' | 'X25519'

const KEY_BYTES = 32

const point = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{43}$/, `is not ${KEY_BYTES} bytes in base64url`),
  // The two bits that are left over, so that a key has one spelling and one id.
  v.check((text) => base64url.encode(base64url.decode(text)) === text, 'is not canonical base64url'),
)

const publicJwk = v.object({ kty: v.literal('OKP'), crv: v.picklist(['Ed25519', 'X25519']), x: point })
const privateJwk = v.object({ ...publicJwk.entries, d: point })

export type PublicJwk = Readonly<v.InferOutput<typeof publicJwk>>
export type PrivateJwk = Readonly<v.InferOutput<typeof privateJwk>>

export interface PublicKey {
  /** Thumbprint (RFC 7638, SHA-256, base64url): everybody who has the key finds the same. */
  readonly id: string
  readonly jwk: PublicJwk
}

export interface PrivateKey {
  readonly id: string
  readonly jwk: PrivateJwk
}

/** Of a private key too: only its public part counts. */
export function keyIdOf({ crv, kty, x }: PublicJwk): string {
  // Required members only, in the order of their names (RFC 7638 §3.2, RFC 8037 §2).
  return base64url.encode(sha256(utf8ToBytes(JSON.stringify({ crv, kty, x }))))
}

export function publicPartOf({ id, jwk: { kty, crv, x } }: PrivateKey): PublicKey {
  return { id, jwk: { kty, crv, x } }
}

/** @throws Error that says what is wrong, and nothing of what the key holds */
export function readPublicJwk(json: unknown, curve: Curve): PublicKey {
  if (isRecord(json) && 'd' in json) throw new Error('it is a private key: only its public part belongs here')
  const jwk = readJwk(publicJwk, json, curve)
  return { id: keyIdOf(jwk), jwk }
}

/** @throws Error that says what is wrong, and nothing of what the key holds */
export function readPrivateJwk(json: unknown, curve: Curve): PrivateKey {
  const jwk = readJwk(privateJwk, json, curve)
  return { id: keyIdOf(jwk), jwk }
}

function readJwk<T extends PublicJwk>(schema: v.GenericSchema<unknown, T>, json: unknown, curve: Curve): T {
  const parsed = v.safeParse(schema, json, { abortEarly: true })
  if (!parsed.success) {
    const field = v.getDotPath(parsed.issues[0])
    throw new Error(field === null ? 'it is no JSON Web Key' : `its member "${field}" is missing or wrong`)
  }
  if (parsed.output.crv === curve) return parsed.output
  throw new Error(`it is of curve ${parsed.output.crv}, and ${curve} is needed`)
}

function isRecord(json: unknown): json is object {
  return typeof json === 'object' && json !== null
}
