import { type CryptoKey, compactVerify } from 'jose'
import type { JwtHeader } from '../../policy/jwt/read-jwt.ts'
import type { KeySet } from './key-set.ts'

/** Whether a token was signed by a key of a set, as its header says. */
export async function isSignedByOneOf(token: string, header: JwtHeader, keys: KeySet): Promise<boolean> {
  for (const key of await keys.keysFor(header)) {
    if (await isSignedBy(token, key, header.alg)) return true
  }
  return false
}

/** RFC 7515 §5.2, by jose: also that no header is critical which nobody knows. */
async function isSignedBy(token: string, key: CryptoKey, alg: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}
