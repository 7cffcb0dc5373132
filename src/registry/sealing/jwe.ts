import { GeneralEncrypt, importJWK } from 'jose'
import type { PrivateKey, PublicKey } from '../keys/key.ts'

/** How the content's key goes to each gateway key: RFC 7518 §4.6, over X25519 (RFC 8037). */
export const KEY_ALGORITHM = 'ECDH-ES+A256KW'
export const CONTENT_ALGORITHM = 'A256GCM'

/** What is authenticated beside the content: sealed for one record, it opens for no other one, and in no other cluster. */
export function aadOf(cluster: string, recordId: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([cluster, recordId]))
}

/** Encrypts a text to all of the keys: JWE in the general JSON serialisation (RFC 7516 §7.2.1). */
export async function encryptText(
  text: string,
  cluster: string,
  recordId: string,
  recipients: readonly PublicKey[],
): Promise<string> {
  const encryption = new GeneralEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ enc: CONTENT_ALGORITHM })
    .setAdditionalAuthenticatedData(aadOf(cluster, recordId))
  for (const { id, jwk } of recipients) {
    const key = await importSealingKey(jwk)
    encryption.addRecipient(key).setUnprotectedHeader({ alg: KEY_ALGORITHM, kid: id })
  }
  return JSON.stringify(await encryption.encrypt())
}

export async function importSealingKey(jwk: PublicKey['jwk'] | PrivateKey['jwk']) {
  return await importJWK({ ...jwk }, KEY_ALGORITHM)
}
