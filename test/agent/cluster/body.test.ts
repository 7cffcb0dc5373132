import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLines, readText } from '../../../src/agent/cluster/body.ts'

async function* chunksOf(...texts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

async function linesOf(body: AsyncIterable<Uint8Array>, maxChars?: number): Promise<string[]> {
  const lines: string[] = []
  for await (const line of readLines(body, maxChars)) lines.push(line)
  return lines
}

test('lines and texts are the same however they are cut into chunks', async () => {
  const line = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/\n|^\uFEFF/.test(text))
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
      async function* cut(): AsyncIterable<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
      }
      expect(await linesOf(cut())).toEqual(lines)
      expect(await readText(cut())).toBe(bytes.toString())
    }),
  )
})

test('empty lines are none, and neither is one that is cut off', async () => {
  expect(await linesOf(chunksOf('\n\na\n\n', '\nb', 'c\nd'))).toEqual(['a', 'bc'])
})

test('a line may be as long as the bound and no longer, over all its chunks', async () => {
  expect(await linesOf(chunksOf('1234', '5678\n', '12345678', '\n'), 8)).toEqual(['12345678', '12345678'])
  await expect(linesOf(chunksOf('1234', '5678', '9'), 8)).rejects.toThrow(
    'a line is longer than 8 characters',
  )
})

test('a text may be as long as the bound and no longer, in bytes', async () => {
  expect(await readText(chunksOf('ää', 'ä'), 6)).toBe('äää')
  await expect(readText(chunksOf('ää', 'ää'), 6)).rejects.toThrow('the answer is larger than 6 bytes')
})

test('what is too long is not read to its end', async () => {
  let given = 0
  async function* endless(): AsyncIterable<Uint8Array> {
    while (true) {
      given++
      yield Buffer.alloc(1024, 'x')
    }
  }
  await expect(readText(endless(), 10_000)).rejects.toThrow('larger')
  await expect(linesOf(endless(), 10_000)).rejects.toThrow('longer')
  expect(given).toBe(20)
})
