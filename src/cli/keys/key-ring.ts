import { type PrivateKey, type PublicKey, publicPartOf } from '../../registry/keys/key.ts'
import { makeKey } from '../../registry/keys/make-key.ts'

/** Every key of an installation, the newest first. */
export interface KeyRing {
  /** Signs records: the agents'. */
  readonly signing: PrivateKey
  /** Whose records gateways take: the signing key's public part, and while it is being changed the old one's. */
  readonly trusted: readonly PublicKey[]
  /** Open what is sealed to the gateways; the agents seal to the public part of each. */
  readonly sealing: readonly [PrivateKey, ...PrivateKey[]]
}

export async function makeRing(): Promise<KeyRing> {
  const [signing, sealing] = [await makeKey('Ed25519'), await makeKey('X25519')]
  return { signing, trusted: [publicPartOf(signing)], sealing: [sealing] }
}

/** New keys beside those that are in use: whoever has not yet heard of the new ones goes on with these. Older ones go. */
export async function rotateRing({ signing, sealing }: KeyRing): Promise<KeyRing> {
  const fresh = await makeRing()
  return {
    signing: fresh.signing,
    trusted: [...fresh.trusted, publicPartOf(signing)],
    sealing: [fresh.sealing[0], sealing[0]],
  }
}

/** The newest keys alone: what the others have signed, or can open, is worth nothing from then on. */
export function retireRing({ signing, sealing }: KeyRing): KeyRing {
  return { signing, trusted: [publicPartOf(signing)], sealing: [sealing[0]] }
}
