import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base64url } from 'jose'
import type { PrivateKey } from '../keys/key.ts'

/** Tags what is sealed. Only agents have it: to everybody else a tag says nothing, not even of a short password. */
export type TagKey = Uint8Array

const TAG_BYTES = 32

/** Of the signing key (RFC 5869), so that every agent of the cluster finds the same. */
export function deriveTagKey({ jwk }: PrivateKey): TagKey {
  return hkdf(sha256, base64url.decode(jwk.d), undefined, utf8ToBytes('postern tag'), TAG_BYTES)
}

/** A message authentication code of texts. */
export function tagOf(key: TagKey, ...texts: readonly string[]): string {
  // As JSON no two lists of texts are the same.
  return base64url.encode(hmac(sha256, key, utf8ToBytes(JSON.stringify(texts))))
}
