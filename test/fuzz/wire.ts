// Reads a million connections of clients, and some of servers, with our parsers and with node:http's, carries some of both
// through a gateway, and stops at the first that is read in two ways or comes out as something else.
// Arguments: how many, and the seed of an earlier run.
import fc from 'fast-check'
import { agreesWithNode, readsSplitsAlike, readsTheGrammar } from '../wire/request-properties.ts'
import { responsesAgreeWithNode } from '../wire/response-properties.ts'
import { answersStayApart, forwardsWhatItReads } from '../wire/through-properties.ts'

const [runs = 1_000_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number)
const parts = {
  agreement: runs,
  splits: Math.ceil(runs / 10),
  responses: Math.ceil(runs / 5),
  grammar: Math.ceil(runs / 10),
  through: Math.ceil(runs / 10),
}
const count = { accepted: 0 }

console.log(`Seed ${seed}`)
fc.assert(readsTheGrammar(), { numRuns: parts.grammar, seed })
console.log(`${parts.grammar} connections of the grammar are read as they were meant`)
fc.assert(readsSplitsAlike(), { numRuns: parts.splits, seed })
console.log(`${parts.splits} hostile connections are read alike however they are split`)
await fc.assert(agreesWithNode(count), { numRuns: parts.agreement, seed })
console.log(`${parts.agreement} hostile connections: node:http agrees on ${count.accepted} requests`)
const answers = { accepted: 0 }
await fc.assert(responsesAgreeWithNode(answers), { numRuns: parts.responses, seed })
console.log(`${parts.responses} hostile responses: node:http agrees on ${answers.accepted}`)
const forwarded = { accepted: 0 }
await fc.assert(forwardsWhatItReads(forwarded), { numRuns: parts.through, seed })
console.log(
  `${parts.through} hostile connections through a gateway: ${forwarded.accepted} requests, as they were`,
)
const passed = { accepted: 0 }
await fc.assert(answersStayApart(passed), { numRuns: parts.through, seed })
console.log(
  `${parts.through} times three hostile responses through a gateway: ${passed.accepted} stayed apart`,
)
