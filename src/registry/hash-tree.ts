import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { ownerOf, recordId } from './owner.ts'
import type { StoredChange } from './port.ts'

/** SHA-256. A parameter, since every runtime has a faster one than can be written in script, and none has the same. */
export type Digest = (bytes: Uint8Array) => Uint8Array

interface Leaf {
  readonly owner: string
  /** SHA-256 of the owner: its bits are the way from the root. */
  readonly path: Uint8Array
  /** Digest of each record's text, by id. */
  readonly records: Map<string, string>
  hash: Uint8Array | undefined
}

interface Branch {
  readonly children: [Node | undefined, Node | undefined]
  hash: Uint8Array | undefined
}

type Node = Leaf | Branch

const emptyHash = new Uint8Array(32)
// A leaf can never be passed off as a branch (RFC 9162 §2.1.1).
const leafDomain = Uint8Array.of(0)
const branchDomain = Uint8Array.of(1)

/**
 * Compact sparse Merkle tree over owners and their records. Its root depends on what it holds and never on
 * the order of changes. A change costs O(log owners); hashes are computed when the root is asked for.
 */
export class HashTree {
  #top: Node | undefined
  readonly #leaves = new Map<string, Leaf>()
  readonly #digest: Digest
  #size = 0

  constructor(digest: Digest = sha256) {
    this.#digest = digest
  }

  /** Number of records. */
  get size(): number {
    return this.#size
  }

  /** Puts a record's text under its owner, or (null) takes the record out. */
  set(owner: string, id: string, text: string | null): void {
    if (text === null) this.#delete(owner, id)
    else this.#put(owner, id, bytesToHex(this.#digest(utf8ToBytes(text))))
  }

  /** @returns 64 hexadecimal digits. */
  root(): string {
    return bytesToHex(hashOf(this.#top, this.#digest))
  }

  #put(owner: string, id: string, digest: string): void {
    const leaf = this.#leaves.get(owner) ?? newLeaf(owner, this.#digest)
    const before = leaf.records.get(id)
    if (before === digest) return
    if (before === undefined) this.#size++
    leaf.records.set(id, digest)
    this.#leaves.set(owner, leaf)
    this.#top = place(this.#top, leaf, 0)
  }

  #delete(owner: string, id: string): void {
    const leaf = this.#leaves.get(owner)
    if (!leaf?.records.delete(id)) return
    this.#size--
    if (leaf.records.size > 0) {
      this.#top = place(this.#top, leaf, 0)
    } else {
      this.#leaves.delete(owner)
      this.#top = remove(this.#top, leaf, 0)
    }
  }
}

/** Writes one record's change under the owner that its kind and key name. */
export function applyChange(tree: HashTree, change: StoredChange): void {
  tree.set(ownerOf(change.kind, change.key), recordId(change.kind, change.key), change.text)
}

function newLeaf(owner: string, digest: Digest): Leaf {
  return { owner, path: digest(utf8ToBytes(JSON.stringify(owner))), records: new Map(), hash: undefined }
}

/** Inserts the leaf, or finds it there; either way forgets the hashes that depend on it. */
function place(node: Node | undefined, leaf: Leaf, depth: number): Node {
  if (node === undefined || node === leaf) {
    leaf.hash = undefined
    return leaf
  }
  const branch = isLeaf(node) ? branchAbove(node, depth) : node
  const side = sideAt(leaf.path, depth)
  branch.children[side] = place(branch.children[side], leaf, depth + 1)
  branch.hash = undefined
  return branch
}

function branchAbove(leaf: Leaf, depth: number): Branch {
  const branch: Branch = { children: [undefined, undefined], hash: undefined }
  branch.children[sideAt(leaf.path, depth)] = leaf
  return branch
}

function remove(node: Node | undefined, leaf: Leaf, depth: number): Node | undefined {
  if (node === undefined || isLeaf(node)) return undefined
  const side = sideAt(leaf.path, depth)
  node.children[side] = remove(node.children[side], leaf, depth + 1)
  node.hash = undefined
  const [left, right] = node.children
  // One owner left below: the leaf moves up, as if the other had never been.
  if (left === undefined && (right === undefined || isLeaf(right))) return right
  if (right === undefined && left !== undefined && isLeaf(left)) return left
  return node
}

function hashOf(node: Node | undefined, digest: Digest): Uint8Array {
  if (node === undefined) return emptyHash
  node.hash ??= isLeaf(node) ? hashLeaf(node, digest) : hashBranch(node, digest)
  return node.hash
}

function hashLeaf(leaf: Leaf, digest: Digest): Uint8Array {
  const records = [...leaf.records].sort(([a], [b]) => (a < b ? -1 : 1))
  // Lists of texts: canonical as they are.
  return digest(concatBytes(leafDomain, utf8ToBytes(JSON.stringify([leaf.owner, records]))))
}

function hashBranch(branch: Branch, digest: Digest): Uint8Array {
  const [left, right] = branch.children
  return digest(concatBytes(branchDomain, hashOf(left, digest), hashOf(right, digest)))
}

function isLeaf(node: Node): node is Leaf {
  return 'path' in node
}

function sideAt(path: Uint8Array, depth: number): 0 | 1 {
  return (((path[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 0 ? 0 : 1
}
