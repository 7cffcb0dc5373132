import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import * as v from 'valibot'
import { type Digest, portableDigest } from './digest.ts'

export const EMPTY_HASH = '0'.repeat(64)
// A leaf can never be passed off as a branch (RFC 9162 §2.1.1).
const LEAF_DOMAIN = Uint8Array.of(0)
const BRANCH_DOMAIN = Uint8Array.of(1)

/** A path turns once a bit of the owner's SHA-256. */
const MAX_DEPTH = 256

const hexDigest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
/** Records as the leaf's hash takes them: id and digest of the text, in the order of the ids. */
const digests = v.array(v.tuple([v.string(), hexDigest]))

export const proofSchema = v.object({
  owner: v.string(),
  /** Hashes beside the owner's way from the root down, one a branch. */
  siblings: v.pipe(v.array(hexDigest), v.maxLength(MAX_DEPTH)),
  /** What stands where the way ends: the owner's leaf, nothing, or a leaf that would have moved down beside the owner's. */
  end: v.variant('type', [
    v.object({ type: v.literal('present'), records: digests }),
    v.object({ type: v.literal('empty') }),
    v.object({ type: v.literal('other'), owner: v.string(), records: digests }),
  ]),
})

/** Shows that an owner's leaf is in a hash tree with just these records, or that the tree has no such leaf. */
export type Proof = v.InferOutput<typeof proofSchema>
export type ProofEnd = Proof['end']
export type Digests = readonly (readonly [id: string, digest: string])[]

/** @returns whether the proof holds for a tree with this root. Pure and bounded: for proofs of anybody's making. */
export function verifyProof({ owner, siblings, end }: Proof, root: string): boolean {
  if (siblings.length > MAX_DEPTH) return false
  // Our own leaf would be the proof of our presence.
  if (end.type === 'other' && end.owner === owner) return false
  if (end.type === 'present' && end.records.length === 0) return false
  const path = pathOf(owner)
  let hash = hashOfEnd(owner, end)
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth] ?? ''
    hash = sideAt(path, depth) === 0 ? hashBranch(hash, sibling) : hashBranch(sibling, hash)
  }
  return hash === root
}

function hashOfEnd(owner: string, end: ProofEnd): string {
  switch (end.type) {
    case 'present':
      return hashLeaf(owner, end.records)
    case 'other':
      return hashLeaf(end.owner, end.records)
    case 'empty':
      return EMPTY_HASH
  }
}

/** SHA-256 of the owner: its bits are the way from the root. */
export function pathOf(owner: string, digest: Digest = portableDigest): string {
  return digest(JSON.stringify(owner))
}

/** Which child the way goes on to, at a branch so many branches below the root. */
export function sideAt(path: string, depth: number): 0 | 1 {
  // Four bits a digit.
  const digit = Number.parseInt(path.charAt(depth >> 2), 16)
  return ((digit >> (3 - (depth & 3))) & 1) === 0 ? 0 : 1
}

export function hashLeaf(owner: string, records: Digests, digest: Digest = portableDigest): string {
  // Lists of texts: canonical as they are.
  return digest(concatBytes(LEAF_DOMAIN, utf8ToBytes(JSON.stringify([owner, records]))))
}

export function hashBranch(left: string, right: string, digest: Digest = portableDigest): string {
  return digest(concatBytes(BRANCH_DOMAIN, hexToBytes(left + right)))
}

/** Of a record's text, hexadecimal. */
export function digestOf(text: string, digest: Digest = portableDigest): string {
  return digest(text)
}

/** The one order in which a leaf's records are hashed. */
export function sortDigests(records: Iterable<[id: string, digest: string]>): [id: string, digest: string][] {
  return [...records].sort(([a], [b]) => (a < b ? -1 : 1))
}
