import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agreesWithNode, readsSplitsAlike, readsTheGrammar } from './request-properties.ts'

test('every request of the grammar is read as it was meant, however it is split', () => {
  fc.assert(readsTheGrammar(), { numRuns: 1000 })
})

test('what is broken is read the same however it is split, and only typed refusals end it', () => {
  fc.assert(readsSplitsAlike(), { numRuns: 1000 })
})

test('what we take for a request, node:http in its strict mode takes for the same one', async () => {
  const count = { accepted: 0 }
  await fc.assert(agreesWithNode(count), { numRuns: 5000 })
  expect(count.accepted).toBeGreaterThan(1000)
})
