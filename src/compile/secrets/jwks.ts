import * as v from 'valibot'
import { credential, secretOfType, wrongType } from './credential.ts'
import { failed, invalid, type SecretReading } from './fault.ts'
import { type DataObject, namesOf, textOf } from './secret-data.ts'

const TYPES = ['Opaque']
/** RFC 7518 §6, and `priv` of AKP keys: of `oct` all of it is secret. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
/** What a verification needs; certificates and the rest do not go on. */
const PUBLIC = ['kty', 'kid', 'use', 'key_ops', 'alg', 'crv', 'x', 'y', 'n', 'e', 'pub']

const setSchema = v.object({
  keys: v.pipe(
    v.array(v.looseObject({ kty: v.picklist(['RSA', 'EC', 'OKP', 'AKP', 'oct']) })),
    v.minLength(1),
    v.maxLength(100),
  ),
})

/** Key sets (RFC 7517) in entries `jwks` or `*.json` → one set of public keys. */
export function readJwks(object: DataObject, key: string): SecretReading {
  const secret = secretOfType(object, TYPES)
  if (secret === undefined) return wrongType(object, TYPES)
  const { name } = secret.meta
  const entries = namesOf(secret).filter((entry) => entry === 'jwks' || entry.endsWith('.json'))
  if (entries.length === 0) {
    const hint = 'It takes a JSON Web Key Set in an entry that is called jwks, or ends with .json.'
    return failed(invalid(`Secret ${name} has no entry jwks`, hint))
  }
  const keys: Record<string, unknown>[] = []
  for (const entry of entries) {
    const parsed = v.safeParse(setSchema, parseJson(textOf(secret, entry) ?? ''))
    if (!parsed.success) {
      const hint = 'It takes {"keys": […]} with one to 100 keys, each with its kty (RFC 7517).'
      return failed(invalid(`Secret ${name}: entry ${entry} is no JSON Web Key Set`, hint))
    }
    if (parsed.output.keys.some(isPrivate)) return failed(holdsPrivate(name, entry))
    keys.push(...parsed.output.keys.map(publicOf))
  }
  return credential('jwks', key, { keys })
}

function isPrivate(jwk: Readonly<Record<string, unknown>>): boolean {
  return jwk.kty === 'oct' || PRIVATE.some((member) => Object.hasOwn(jwk, member))
}

function publicOf(jwk: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(jwk).filter(([member]) => PUBLIC.includes(member)))
}

function holdsPrivate(name: string, entry: string) {
  return invalid(
    `Secret ${name}: entry ${entry} holds a private or symmetric key`,
    'Write the public keys only: whoever holds a private one can issue tokens, and nothing that verifies them needs it.',
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Its message would repeat some of the text.
    return undefined
  }
}
