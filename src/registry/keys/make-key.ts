import { exportJWK, generateKeyPair } from 'jose'
import { type Curve, type PrivateKey, readPrivateJwk } from './key.ts'

/** A new key pair, by the platform's own generator. */
export async function makeKey(curve: Curve): Promise<PrivateKey> {
  const pair =
    curve === 'Ed25519'
      ? await generateKeyPair('Ed25519', { extractable: true })
      : await generateKeyPair('ECDH-ES+A256KW', { crv: 'X25519', extractable: true })
  return readPrivateJwk(await exportJWK(pair.privateKey), curve)
}
