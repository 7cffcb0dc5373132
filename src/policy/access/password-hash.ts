import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import bcrypt from 'bcryptjs'
import { sameBytes } from './same-bytes.ts'

/** Whether a password fits a hash. Takes as long as the hash was made to take. */
export type MatchPassword = (password: string, hash: string) => Promise<boolean>

const BCRYPT = /^\$2[aby]\$(0[4-9]|1[0-2])\$[./A-Za-z0-9]{53}$/
const APR1 = /^\$apr1\$([./A-Za-z0-9]{1,8})\$([./A-Za-z0-9]{22})$/
const SHA = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/
const SSHA256 = /^\{SSHA256\}((?:[0-9a-f]{2})+)\$([0-9a-f]{64})$/

/** bcrypt looks at no more: what is longer would be let in by its beginning. */
const MAX_BCRYPT_BYTES = 72

/**
 * For hashes as htpasswd writes them: bcrypt up to a cost of 12, apr1, `{SHA}`; and `{SSHA256}salt$digest`. No other hash
 * fits any password.
 */
export const matchPassword: MatchPassword = async (password, hash) => {
  const bytes = utf8ToBytes(password)
  // It also has a password end at its first NUL, of which there is none here.
  if (BCRYPT.test(hash)) return bytes.length <= MAX_BCRYPT_BYTES && (await bcrypt.compare(password, hash))
  const [, salt = '', apr1 = ''] = APR1.exec(hash) ?? []
  if (apr1 !== '') return sameBytes(utf8ToBytes(apr1Of(bytes, utf8ToBytes(salt))), utf8ToBytes(apr1))
  const [, sha] = SHA.exec(hash) ?? []
  if (sha !== undefined) return sameBytes(sha1(bytes), fromBase64(sha))
  const [, ssha = '', digest = ''] = SSHA256.exec(hash) ?? []
  return digest !== '' && sameBytes(sha256(concatBytes(hexToBytes(ssha), bytes)), hexToBytes(digest))
}

const ROUNDS = 1_000
const MAGIC = utf8ToBytes('$apr1$')
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Which bytes of the last digest make up each four letters; the last makes two. */
const ORDER = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]] as const

/** Apache's MD5 crypt, without its prefix and salt (apr_md5_encode). */
function apr1Of(password: Uint8Array, salt: Uint8Array): string {
  const mixed = md5(concatBytes(password, salt, password))
  const parts = [password, MAGIC, salt]
  for (let left = password.length; left > 0; left -= 16) parts.push(mixed.subarray(0, Math.min(left, 16)))
  for (let bits = password.length; bits > 0; bits >>= 1) {
    parts.push((bits & 1) === 1 ? Uint8Array.of(0) : password.subarray(0, 1))
  }
  let digest = md5(concatBytes(...parts))
  for (let round = 0; round < ROUNDS; round++) {
    const [first, last] = round % 2 === 1 ? [password, digest] : [digest, password]
    const between = [round % 3 === 0 ? [] : [salt], round % 7 === 0 ? [] : [password]].flat()
    digest = md5(concatBytes(first, ...between, last))
  }
  return ORDER.map((bytes) => lettersOf(bytes.map((at) => digest[at] ?? 0))).join('')
}

/** Six bits a letter, the lowest first; the first byte is the highest. */
function lettersOf(bytes: readonly number[]): string {
  let bits = bytes.reduce((all, byte) => all * 256 + byte, 0)
  let letters = ''
  for (let left = bytes.length === 3 ? 4 : 2; left > 0; left--) {
    letters += ALPHABET[bits & 63]
    bits >>= 6
  }
  return letters
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
