import { type CryptoKey, exportJWK, SignJWT } from 'jose'

/** A token of its own for each number. */
export async function tokenOf(alg: string, key: CryptoKey, number: number): Promise<string> {
  const claims = { iss: 'bench', aud: 'bench', sub: `user-${number}`, exp: 4_000_000_000 }
  return await new SignJWT(claims).setProtectedHeader({ alg, kid: 'k' }).sign(key)
}

export async function keySetOf(key: CryptoKey): Promise<{ keys: Record<string, unknown>[] }> {
  return { keys: [{ ...(await exportJWK(key)), kid: 'k' }] }
}
