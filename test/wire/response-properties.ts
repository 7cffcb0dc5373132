import { deepStrictEqual as same } from 'node:assert'
import fc from 'fast-check'
import { mutated } from './grammar.ts'
import { readWithNode } from './node-reader.ts'
import { readResponse } from './read.ts'

/** What we take for a whole response, node:http takes for the same one. */
export function responsesAgreeWithNode(count: { accepted: number }): fc.IAsyncProperty<unknown> {
  return fc.asyncProperty(mutated, async (text) => {
    const { status, fields, body, trailers, surplus, error } = readResponse(text)
    if (error !== undefined) return
    count.accepted++
    const message = text.slice(0, text.length - surplus)
    same(await readWithNode(message), { status, fields, body, trailers })
  })
}
