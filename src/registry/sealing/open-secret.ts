import { base64url, type FlattenedJWE, flattenedDecrypt } from 'jose'
import * as v from 'valibot'
import type { OpenSecret } from '../../model/secret-part.ts'
import { decodeText } from '../jws.ts'
import type { PrivateKey } from '../keys/key.ts'
import { aadOf, CONTENT_ALGORITHM, importSealingKey, KEY_ALGORITHM } from './jwe.ts'

const header = v.looseObject({ alg: v.string(), kid: v.string() })
const jweSchema = v.object({
  protected: v.string(),
  aad: v.string(),
  iv: v.string(),
  ciphertext: v.string(),
  tag: v.string(),
  recipients: v.array(v.object({ header, encrypted_key: v.string() })),
})

/**
 * Opens what is sealed to one of these keys for a record of its cluster, which is one of these, and what is open anyway.
 * Holds nothing that it opened.
 */
export function secretOpener(keys: readonly PrivateKey[], clusters: readonly string[]): OpenSecret {
  const byId = new Map(keys.map((key) => [key.id, key]))
  return async (part, recordId) => {
    if (part.form === 'open') return part.text
    const own = part.cluster === undefined ? clusters : clusters.filter((cluster) => cluster === part.cluster)
    const where = own.map((cluster) => `"${cluster}"`).join(', ')
    const fail = (why: string): Error => new Error(`Cannot open ${recordId} of cluster ${where}: ${why}`)
    if (byId.size === 0) throw fail('it is sealed, and this gateway has no key (--sealing-key)')
    const jwe = parseJwe(part.jwe)
    if (jwe === undefined) throw fail('what is sealed is no JWE')
    const { recipients, ...shared } = jwe
    const recipient = recipients.find(({ header: { kid } }) => byId.has(kid))
    const key = recipient && byId.get(recipient.header.kid)
    if (recipient === undefined || key === undefined) {
      const kids = recipients.map(({ header: { kid } }) => kid.slice(0, 64)).join(', ')
      throw fail(`it is sealed to ${kids || 'nobody'}, and this gateway has ${[...byId.keys()].join(', ')}`)
    }
    const isForIt = own.some((cluster) => jwe.aad === base64url.encode(aadOf(cluster, recordId)))
    if (!isForIt) throw fail('it was sealed for another record')
    const text = await decrypt({ ...shared, ...recipient }, key)
    if (text === undefined) throw fail(`it does not open with key ${key.id}`)
    return text
  }
}

function parseJwe(text: string): v.InferOutput<typeof jweSchema> | undefined {
  try {
    const parsed = v.safeParse(jweSchema, JSON.parse(text), { abortEarly: true })
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}

/** @returns undefined when it does not open: why would tell those who try. */
async function decrypt(jwe: FlattenedJWE, { jwk }: PrivateKey): Promise<string | undefined> {
  try {
    const { plaintext } = await flattenedDecrypt(jwe, await importSealingKey(jwk), {
      keyManagementAlgorithms: [KEY_ALGORITHM],
      contentEncryptionAlgorithms: [CONTENT_ALGORITHM],
    })
    return decodeText(plaintext)
  } catch {
    return undefined
  }
}
