import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answersStayApart, forwardsWhatItReads } from './through-properties.ts'

test('what goes on of a hostile client’s bytes are its requests, to a strict parser too, each framed once', async () => {
  const count = { accepted: 0 }
  await fc.assert(forwardsWhatItReads(count), { numRuns: 2000 })
  expect(count.accepted).toBeGreaterThan(300)
})

test('a hostile endpoint’s answers stay apart: none is split in two, and none reaches another request', async () => {
  const count = { accepted: 0 }
  await fc.assert(answersStayApart(count), { numRuns: 2000 })
  expect(count.accepted).toBeGreaterThan(300)
})
