import { base64url, exportJWK, importPKCS8 } from 'jose'
import * as v from 'valibot'
import { type Curve, type PrivateKey, type PublicKey, readPrivateJwk, readPublicJwk } from './key.ts'

/** How a key begins in DER, up to its 32 bytes (RFC 8410 §4 and §10.1). */
const SPKI_START = { Ed25519: '302a300506032b6570032100', X25519: '302a300506032b656e032100' } as const
/** What WebCrypto is asked to import such a key for. */
const ALGORITHM = { Ed25519: 'Ed25519', X25519: 'ECDH-ES+A256KW' } as const
/** A file of keys has one, or two while one is being changed. */
const MAX_KEYS = 16

const jwkSet = v.object({ keys: v.array(v.unknown()) })

interface Block {
  readonly label: string
  readonly text: string
}

/**
 * Reads public keys: a JSON Web Key, a set of them, or PEM blocks (`PUBLIC KEY`).
 * @throws Error that says which key is wrong and why
 */
export function parsePublicKeys(text: string, curve: Curve): readonly PublicKey[] {
  const blocks = pemBlocks(text)
  const keys =
    blocks.length > 0
      ? blocks.map((block, index) => numbered(index, () => readSpki(block, curve)))
      : jwksIn(text).map((json, index) => numbered(index, () => readPublicJwk(json, curve)))
  return requireDistinct(keys)
}

/**
 * Reads private keys: a JSON Web Key, a set of them, or PEM blocks (`PRIVATE KEY`, PKCS #8).
 * @throws Error that says which key is wrong and why, and nothing of what it holds
 */
export async function parsePrivateKeys(text: string, curve: Curve): Promise<readonly PrivateKey[]> {
  const blocks = pemBlocks(text)
  if (blocks.length === 0) return parsePrivateJwks(text, curve)
  const keys: PrivateKey[] = []
  for (const [index, block] of blocks.entries()) {
    const json = await readPkcs8(block, curve).catch(() => undefined)
    keys.push(
      numbered(index, () => {
        if (json === undefined) throw new Error(`it is no PKCS #8 key of curve ${curve}`)
        return readPrivateJwk(json, curve)
      }),
    )
  }
  return requireDistinct(keys)
}

/** The same, of JSON only: for who cannot wait. */
export function parsePrivateJwks(text: string, curve: Curve): readonly PrivateKey[] {
  return requireDistinct(
    jwksIn(text).map((json, index) => numbered(index, () => readPrivateJwk(json, curve))),
  )
}

function jwksIn(text: string): readonly unknown[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // What JSON.parse says repeats the text.
    throw new Error('it is neither JSON (a key or a set of keys) nor PEM')
  }
  const set = v.safeParse(jwkSet, json)
  return set.success ? set.output.keys : [json]
}

function pemBlocks(text: string): Block[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----\s([\s\S]*?)-----END \1-----/g)
  return [...blocks].map(([whole, label = '']) => ({ label, text: whole }))
}

function readSpki({ label, text }: Block, curve: Curve): PublicKey {
  if (label.endsWith('PRIVATE KEY')) {
    throw new Error('it is a private key: only its public part belongs here')
  }
  if (label !== 'PUBLIC KEY') throw new Error(`it is a ${label}, not a PUBLIC KEY`)
  const der = hexOf(text.replace(/-----[^-]+-----|\s/g, ''))
  const start = SPKI_START[curve]
  if (der === undefined || !der.startsWith(start)) throw new Error(`it is no key of curve ${curve}`)
  const bytes = Uint8Array.from(der.slice(start.length).match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  )
  return readPublicJwk({ kty: 'OKP', crv: curve, x: base64url.encode(bytes) }, curve)
}

async function readPkcs8({ label, text }: Block, curve: Curve): Promise<unknown> {
  if (label !== 'PRIVATE KEY') return undefined
  return await exportJWK(await importPKCS8(text, ALGORITHM[curve], { extractable: true }))
}

function hexOf(base64: string): string | undefined {
  try {
    return Array.from(atob(base64), (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  } catch {
    return undefined
  }
}

/** Says of which key something is wrong. */
function numbered<T>(index: number, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`key ${index + 1}: ${reason}`, { cause })
  }
}

function requireDistinct<K extends { readonly id: string }>(keys: readonly K[]): readonly K[] {
  if (keys.length === 0) throw new Error('it holds no key')
  if (keys.length > MAX_KEYS) throw new Error(`it holds ${keys.length} keys, more than ${MAX_KEYS}`)
  return [...new Map(keys.map((key) => [key.id, key])).values()]
}
