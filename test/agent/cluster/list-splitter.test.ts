import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ListSplitter } from '../../../src/agent/cluster/list-splitter.ts'

const key = fc.constantFrom('items', '"items', 'kind', '', '{[', 'ä')
const json = fc.jsonValue({ maxDepth: 3 })
const item = fc.dictionary(fc.oneof(key, fc.string()), json)
/** Every order of members, and other members that look like the items. */
const list = fc
  .tuple(fc.array(item), fc.dictionary(key, json), fc.nat({ max: 4 }))
  .map(([items, others, at]) => {
    const members = Object.entries(others).filter(([name]) => name !== 'items')
    members.splice(at, 0, ['items', items])
    return { items, value: Object.fromEntries(members) }
  })
const cuts = fc.array(fc.nat({ max: 500 }), { maxLength: 6 })

/** As whoever reads a list does it: undefined for what is not taken for one. */
function read(text: string, at: readonly number[]): unknown {
  const items: unknown[] = []
  const splitter = new ListSplitter((part, index) => {
    expect(index).toBe(items.length)
    items.push(JSON.parse(part))
  })
  try {
    const bytes = new TextEncoder().encode(text)
    const bounds = [0, ...at.toSorted((a, b) => a - b), bytes.length]
    for (const [i, from] of bounds.entries()) splitter.push(bytes.subarray(from, bounds[i + 1] ?? from))
    const rest = JSON.parse(splitter.end())
    const isWhole = Array.isArray(rest.items) && rest.items.length === splitter.count
    return isWhole && rest.items.every((each: unknown) => each === null) ? { ...rest, items } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

test('a list is the same with its items taken out and put back, however it is cut', () => {
  fc.assert(
    fc.property(list, cuts, fc.constantFrom(0, 2), (some, at, indent) => {
      const text = JSON.stringify(some.value, null, indent)
      const within = at.filter((cut) => cut < text.length)
      expect(read(text, within)).toEqual(JSON.parse(text))
    }),
  )
})

test('no damaged list is taken for one that it is not', () => {
  const damage = fc.constantFrom(
    '',
    ',',
    '0',
    '-',
    'e5',
    '.5',
    ' ',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    'null',
    '{}',
  )
  fc.assert(
    fc.property(list, fc.nat(), fc.nat({ max: 3 }), damage, ({ value }, place, cut, put) => {
      const text = JSON.stringify(value)
      const at = place % text.length
      const damaged = text.slice(0, at) + put + text.slice(at + cut)
      const taken = read(damaged, [])
      if (taken !== undefined) expect(taken).toEqual(JSON.parse(damaged))
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  '{"items":[{}e5]}',
  '{"items":[-{}]}',
  '{"items":[{}{}]}',
  '{"items":[{},null]}',
  '{"items":[[]]}',
])('%s is no list of objects', (text) => {
  expect(read(text, [])).toBeUndefined()
})
