import { type Digest, portableDigest } from './digest.ts'
import { ownerOf, recordId } from './owner.ts'
import type { StoredChange } from './port.ts'
import {
  digestOf,
  EMPTY_HASH,
  hashBranch,
  hashLeaf,
  type Proof,
  type ProofEnd,
  pathOf,
  sideAt,
  sortDigests,
} from './proof.ts'

interface Leaf {
  readonly owner: string
  /** SHA-256 of the owner: its bits are the way from the root. */
  readonly path: string
  /** Digest of each record's text, by id. */
  readonly records: Map<string, string>
  hash: string | undefined
}

/** Where the bit is 0, and where it is 1. Not as a list: of thirty thousand lists of two that is 2 MB. */
interface Branch {
  left: Node | undefined
  right: Node | undefined
  hash: string | undefined
}

type Node = Leaf | Branch

/**
 * Compact sparse Merkle tree over owners and their records. Its root depends on what it holds and never on
 * the order of changes. A change costs O(log owners); hashes are computed when the root is asked for.
 */
export class HashTree {
  #top: Node | undefined
  readonly #leaves = new Map<string, Leaf>()
  readonly #digest: Digest
  #size = 0

  constructor(digest: Digest = portableDigest) {
    this.#digest = digest
  }

  /** Number of records. */
  get size(): number {
    return this.#size
  }

  /** Puts a record's text under its owner, or (null) takes the record out. */
  set(owner: string, id: string, text: string | null): void {
    if (text === null) this.#delete(owner, id)
    else this.#put(owner, id, digestOf(text, this.#digest))
  }

  /** @returns 64 hexadecimal digits. */
  root(): string {
    return hashOf(this.#top, this.#digest)
  }

  /** Shows to anyone who knows the root what stands under an owner, or that nothing does. */
  prove(owner: string): Proof {
    const path = pathOf(owner, this.#digest)
    const siblings: string[] = []
    let node = this.#top
    while (node !== undefined && !isLeaf(node)) {
      const side = sideAt(path, siblings.length)
      siblings.push(hashOf(side === 0 ? node.right : node.left, this.#digest))
      node = side === 0 ? node.left : node.right
    }
    return { owner, siblings, end: endOf(owner, node) }
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
  return { owner, path: pathOf(owner, digest), records: new Map(), hash: undefined }
}

/** Inserts the leaf, or finds it there; either way forgets the hashes that depend on it. */
function place(node: Node | undefined, leaf: Leaf, depth: number): Node {
  if (node === undefined || node === leaf) {
    leaf.hash = undefined
    return leaf
  }
  const branch = isLeaf(node) ? branchAbove(node, depth) : node
  if (sideAt(leaf.path, depth) === 0) branch.left = place(branch.left, leaf, depth + 1)
  else branch.right = place(branch.right, leaf, depth + 1)
  branch.hash = undefined
  return branch
}

function branchAbove(leaf: Leaf, depth: number): Branch {
  const isLeft = sideAt(leaf.path, depth) === 0
  return { left: isLeft ? leaf : undefined, right: isLeft ? undefined : leaf, hash: undefined }
}

function remove(node: Node | undefined, leaf: Leaf, depth: number): Node | undefined {
  if (node === undefined || isLeaf(node)) return undefined
  if (sideAt(leaf.path, depth) === 0) node.left = remove(node.left, leaf, depth + 1)
  else node.right = remove(node.right, leaf, depth + 1)
  node.hash = undefined
  const { left, right } = node
  // One owner left below: the leaf moves up, as if the other had never been.
  if (left === undefined && (right === undefined || isLeaf(right))) return right
  if (right === undefined && left !== undefined && isLeaf(left)) return left
  return node
}

function hashOf(node: Node | undefined, digest: Digest): string {
  if (node === undefined) return EMPTY_HASH
  if (isLeaf(node)) node.hash ??= hashLeaf(node.owner, digestsOf(node), digest)
  else node.hash ??= hashBranch(hashOf(node.left, digest), hashOf(node.right, digest), digest)
  return node.hash
}

function endOf(owner: string, leaf: Leaf | undefined): ProofEnd {
  if (leaf === undefined) return { type: 'empty' }
  const records = digestsOf(leaf)
  return leaf.owner === owner ? { type: 'present', records } : { type: 'other', owner: leaf.owner, records }
}

function digestsOf(leaf: Leaf): [id: string, digest: string][] {
  return sortDigests(leaf.records)
}

function isLeaf(node: Node): node is Leaf {
  return 'path' in node
}
