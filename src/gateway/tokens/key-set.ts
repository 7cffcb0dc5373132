import { type CryptoKey, importJWK, type JWK } from 'jose'
import * as v from 'valibot'
import { jwtAlgorithms } from '../../model/jwt-policy.ts'
import type { JwtHeader } from '../../policy/jwt/read-jwt.ts'

const MAX_KEYS = 100
/** A token without `kid` is tried with so many keys. */
const MAX_TRIES = 4

// RFC 7517 §4. What is private or shared is no business of ours, and not read.
const keySchema = v.object({
  kty: v.picklist(['RSA', 'EC', 'OKP']),
  kid: v.optional(v.string()),
  use: v.optional(v.literal('sig')),
  key_ops: v.optional(v.pipe(v.array(v.string()), v.includes('verify'))),
  alg: v.optional(v.picklist(jwtAlgorithms)),
  crv: v.optional(v.string()),
  n: v.optional(v.string()),
  e: v.optional(v.string()),
  x: v.optional(v.string()),
  y: v.optional(v.string()),
})
const setSchema = v.object({ keys: v.pipe(v.array(v.unknown()), v.maxLength(MAX_KEYS)) })

type PublicKey = v.InferOutput<typeof keySchema>

const CURVES: Readonly<Record<string, readonly string[]>> = {
  ES256: ['P-256'],
  ES384: ['P-384'],
  ES512: ['P-521'],
  EdDSA: ['Ed25519'],
  Ed25519: ['Ed25519'],
}

/** The public keys of an issuer. Keys that are of no use here are passed over (RFC 7517 §5). */
export class KeySet {
  readonly #keys: readonly PublicKey[]
  /** By key, then algorithm. Held once they are there: a promise would be another request's. */
  readonly #imported = new Map<PublicKey, Map<string, CryptoKey>>()

  /** @throws Error when the text is no key set */
  constructor(text: string) {
    const { keys } = v.parse(setSchema, JSON.parse(text))
    this.#keys = keys.flatMap((key) => {
      const parsed = v.safeParse(keySchema, key)
      return parsed.success ? [parsed.output] : []
    })
  }

  /** Whether a key of it could have made the signature. */
  knows(header: JwtHeader): boolean {
    return this.#keys.some((key) => fits(key, header))
  }

  /** The keys that could have made the signature. */
  async keysFor(header: JwtHeader): Promise<readonly CryptoKey[]> {
    const found: CryptoKey[] = []
    for (const key of this.#keys.filter((each) => fits(each, header)).slice(0, MAX_TRIES)) {
      const imported = await this.#import(key, header.alg)
      if (imported !== undefined) found.push(imported)
    }
    return found
  }

  async #import(key: PublicKey, alg: string): Promise<CryptoKey | undefined> {
    const held = this.#imported.get(key)?.get(alg)
    if (held !== undefined) return held
    try {
      const imported = await importJWK(definedOf(key), alg)
      if (imported instanceof Uint8Array || imported.type !== 'public') return undefined
      this.#imported.set(key, (this.#imported.get(key) ?? new Map()).set(alg, imported))
      return imported
    } catch {
      return undefined
    }
  }
}

/** The key's own type decides what it can verify, never the token alone. */
function fits({ kty, kid, alg, crv }: PublicKey, header: JwtHeader): boolean {
  if (header.kid !== undefined && header.kid !== kid) return false
  if (alg !== undefined && alg !== header.alg) return false
  const curves = CURVES[header.alg]
  if (curves === undefined) return kty === 'RSA' && /^[RP]S\d+$/.test(header.alg)
  return kty !== 'RSA' && crv !== undefined && curves.includes(crv)
}

function definedOf(key: PublicKey): JWK {
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined))
}
