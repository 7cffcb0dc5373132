import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HashTree } from '../../src/registry/hash-tree.ts'
import { type Proof, verifyProof } from '../../src/registry/proof.ts'

const owner = fc.oneof(
  fc.nat(40).map((index) => `o${index}`),
  fc.string({ unit: 'binary', maxLength: 5 }),
)
const record = fc.record({ owner, id: fc.string({ maxLength: 3 }), text: fc.string({ maxLength: 4 }) })
const records = fc.array(record, { maxLength: 40 })

function treeOf(all: readonly { owner: string; id: string; text: string }[]): HashTree {
  const tree = new HashTree()
  for (const { owner, id, text } of all) tree.set(owner, id, text)
  return tree
}

test('every owner is proven with its records, and every other one is proven absent', () => {
  fc.assert(
    fc.property(records, owner, (all, stranger) => {
      const tree = treeOf(all)
      const owners = new Set(all.map((each) => each.owner))
      for (const one of [...owners, stranger]) {
        const proof = tree.prove(one)
        expect(verifyProof(proof, tree.root())).toBe(true)
        expect(proof.end.type === 'present').toBe(owners.has(one))
      }
    }),
  )
})

test('a proof is refused by the root of any other tree', () => {
  fc.assert(
    fc.property(records, record, owner, (all, extra, asked) => {
      const [before, after] = [treeOf(all), treeOf([...all, extra])]
      fc.pre(before.root() !== after.root())
      expect(verifyProof(before.prove(asked), after.root())).toBe(false)
    }),
  )
})

test('a proof for one owner never passes as one for another', () => {
  fc.assert(
    fc.property(records, owner, owner, (all, one, other) => {
      const tree = treeOf(all)
      fc.pre(one !== other)
      const forged = { ...tree.prove(one), owner: other }
      // Where the ways of two absent owners end at one place, one proof is honestly both's.
      const isTrue = all.every((each) => each.owner !== other) && forged.end.type !== 'present'
      if (!isTrue) expect(verifyProof(forged, tree.root())).toBe(false)
    }),
  )
})

/** A hexadecimal digit becomes another. */
function flip(digest: string): string {
  return (digest.startsWith('0') ? '1' : '0') + digest.slice(1)
}

/** The proof with one thing about it changed, in every way that the format allows. */
function* mutationsOf(proof: Proof): Iterable<Proof> {
  const { siblings, end } = proof
  for (const [index, sibling] of siblings.entries()) {
    yield { ...proof, siblings: siblings.with(index, flip(sibling)) }
    yield { ...proof, siblings: siblings.toSpliced(index, 1) }
    yield { ...proof, siblings: siblings.toSpliced(index, 0, sibling) }
  }
  yield { ...proof, siblings: [...siblings, '0'.repeat(64)] }
  if (end.type !== 'empty') yield { ...proof, end: { type: 'empty' } }
  if (end.type === 'empty') yield { ...proof, end: { type: 'other', owner: 'o', records: [] } }
  if (end.type === 'other') {
    yield { ...proof, end: { ...end, owner: `${end.owner}x` } }
    yield { ...proof, end: { type: 'present', records: end.records } }
  }
  if (end.type === 'present') yield { ...proof, end: { ...end, type: 'other', owner: proof.owner } }
  if (end.type === 'empty') return
  for (const [index, [id, digest]] of end.records.entries()) {
    yield { ...proof, end: { ...end, records: end.records.toSpliced(index, 1) } }
    yield { ...proof, end: { ...end, records: end.records.with(index, [`${id}x`, digest]) } }
    yield { ...proof, end: { ...end, records: end.records.with(index, [id, flip(digest)]) } }
    yield { ...proof, end: { ...end, records: end.records.toSpliced(index, 0, [id, digest]) } }
  }
  if (end.records.length > 1) yield { ...proof, end: { ...end, records: end.records.toReversed() } }
}

test('a proof with anything about it changed is refused', () => {
  fc.assert(
    fc.property(records, owner, (all, stranger) => {
      const tree = treeOf(all)
      for (const asked of [stranger, ...all.slice(0, 3).map((each) => each.owner)]) {
        for (const mutation of mutationsOf(tree.prove(asked))) {
          expect(verifyProof(mutation, tree.root())).toBe(false)
        }
      }
    }),
  )
})

test('an empty tree proves that it holds nothing, and a path longer than a digest is refused', () => {
  const tree = new HashTree()
  expect(tree.prove('o')).toEqual({ owner: 'o', siblings: [], end: { type: 'empty' } })
  expect(verifyProof(tree.prove('o'), tree.root())).toBe(true)
  const endless: Proof = { owner: 'o', siblings: Array(257).fill('0'.repeat(64)), end: { type: 'empty' } }
  expect(verifyProof(endless, tree.root())).toBe(false)
})
