import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeDigest } from '../../src/registry/digest.node.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { applyChange, HashTree } from '../../src/registry/hash-tree.ts'
import { ownerOf } from '../../src/registry/owner.ts'

interface Step {
  readonly owner: string
  readonly id: string
  readonly text: string | null
}

const few = (prefix: string, count: number) => fc.nat(count - 1).map((index) => `${prefix}${index}`)
const step: fc.Arbitrary<Step> = fc.record({
  owner: few('o', 12),
  id: few('r', 4),
  text: fc.option(few('t', 3), { nil: null }),
})

function treeOf(steps: Iterable<Step>, digest?: Digest): HashTree {
  const tree = new HashTree(digest)
  for (const { owner, id, text } of steps) tree.set(owner, id, text)
  return tree
}

test("Node's own digest gives the same root as the portable one", () => {
  fc.assert(
    fc.property(fc.array(step), fc.string({ unit: 'binary' }), (steps, text) => {
      const trees = [treeOf(steps), treeOf(steps, nodeDigest)]
      for (const tree of trees) tree.set('o0', 'r0', text)
      expect(trees[1]?.root()).toBe(trees[0]?.root())
    }),
  )
})

/** The records that are left, each once. */
function resultOf(steps: readonly Step[]): Step[] {
  const last = new Map(steps.map((each) => [`${each.owner} ${each.id}`, each]))
  return [...last.values()].filter((each) => each.text !== null)
}

test('the root depends only on what the tree holds, not on how it came there', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.array(fc.boolean(), { maxLength: 80 }),
      (steps, looks) => {
        const incremental = new HashTree()
        steps.forEach(({ owner, id, text }, index) => {
          incremental.set(owner, id, text)
          // Looking at the root on the way must leave no stale hash behind.
          if (looks[index]) incremental.root()
        })
        const result = resultOf(steps)
        expect(incremental.root()).toBe(treeOf(result).root())
        expect(incremental.root()).toBe(treeOf(result.reverse()).root())
        expect(incremental.size).toBe(result.length)
      },
    ),
  )
})

test('different records have different roots', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), step, (steps, extra) => {
      const before = treeOf(steps)
      const after = treeOf([...steps, extra])
      const names = (all: readonly Step[]) =>
        JSON.stringify(
          resultOf(all)
            .map((s) => [s.owner, s.id, s.text])
            .sort(),
        )
      expect(before.root() === after.root()).toBe(names(steps) === names([...steps, extra]))
    }),
  )
})

test('a record moved to another owner, kind or key changes the root', () => {
  const rootOf = (kind: string, key: string) => {
    const tree = new HashTree()
    applyChange(tree, { kind, key, text: '{}' })
    return tree.root()
  }
  const roots = [
    rootOf('route', 'a'),
    rootOf('route', 'b'),
    rootOf('node', 'a'),
    rootOf('host', 'a'),
    rootOf('', 'a'),
  ]
  expect(new Set(roots).size).toBe(roots.length)
})

test('an emptied tree has the root of a new one', () => {
  const tree = treeOf([{ owner: 'o', id: 'r', text: 't' }])
  tree.set('o', 'r', null)
  expect(tree.root()).toBe(new HashTree().root())
})

test.each([
  ['route', '*.shop.example', 'host:*.shop.example'],
  ['service', 'shop/web:80', 'service:shop/web'],
  ['endpoints', 'shop/web/web-x7k2p', 'service:shop/web'],
  ['node', 'worker-1', 'nodes'],
  ['problem', 'Service/shop/web', 'problem:Service/shop/web'],
])('%s %s is owned by %s', (kind, key, owner) => {
  expect(ownerOf(kind, key)).toBe(owner)
})
