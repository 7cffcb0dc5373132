import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mutated, response } from './grammar.ts'
import { readWithNode } from './node-reader.ts'
import { readResponse } from './read.ts'
import { responsesAgreeWithNode } from './response-properties.ts'

const cuts = fc.array(fc.nat(600), { maxLength: 20 })

test('every response of the grammar is read as it was meant, however it is split', () => {
  fc.assert(
    fc.property(response, cuts, ({ text, ...meant }, at) => {
      expect(readResponse(text, { cuts: at })).toMatchObject({ ...meant, error: undefined })
    }),
    { numRuns: 1000 },
  )
})

test('node:http reads the same', async () => {
  await fc.assert(
    fc.asyncProperty(response, async ({ text, ...meant }) => {
      expect(await readWithNode(text)).toEqual(meant)
    }),
    { numRuns: 200 },
  )
})

test('what is broken is read the same however it is split, and only typed failures end it', () => {
  fc.assert(
    fc.property(mutated, cuts, fc.constantFrom('GET', 'HEAD'), (text, at, method) => {
      const read = (at: readonly number[]) => ({ ...readResponse(text, { method, cuts: at }), surplus: 0 })
      const whole = read([])
      const everyByte = Array.from({ length: text.length }, (_, i) => i)
      expect(read(at)).toEqual(whole)
      expect(read(everyByte)).toEqual(whole)
    }),
    { numRuns: 2000 },
  )
})

test('what we take for a whole response, node:http takes for the same one', async () => {
  const count = { accepted: 0 }
  await fc.assert(responsesAgreeWithNode(count), { numRuns: 2000 })
  expect(count.accepted).toBeGreaterThan(100)
})

test('no bytes at all are read as anything but a failure or a response', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('', 'HTTP/1.1 200 OK\r\n'),
      (bytes, start) => {
        const text = start + String.fromCharCode(...bytes)
        const { error, status } = readResponse(text)
        expect(error !== undefined || status !== undefined).toBe(true)
      },
    ),
  )
})
