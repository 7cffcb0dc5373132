import { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Framing } from '../../src/wire/framing.ts'
import { MessageWriter } from '../../src/wire/message-writer.node.ts'

const HEAD = 'HEAD\r\n\r\n'

/** A writer, and what it writes: each entry is what leaves at once. */
function start() {
  const packets: string[] = []
  const socket = new Duplex({
    read() {},
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      packets.push(text(chunk))
      done()
    },
    writev: (chunks, done) => {
      packets.push(chunks.map(({ chunk }) => text(chunk)).join(''))
      done()
    },
  })
  const writer = new MessageWriter(socket, 'given')
  const begin = (framing: Framing) => writer.begin(HEAD, framing)
  const ticks = () => new Promise(setImmediate)
  return { writer, begin, packets, ticks }
}

const text = (chunk: string | Uint8Array): string =>
  typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')
const bytes = (length: number) => Buffer.alloc(length, 'x')

describe('what is written in one go leaves in one', () => {
  test('with a known length, at its last byte', () => {
    const { writer, begin, packets } = start()
    begin({ kind: 'fixed', length: 3 })
    writer.write(Buffer.from('a'))
    expect(packets).toEqual([])
    writer.write(Buffer.from('bc'))
    expect(packets).toEqual([`${HEAD}abc`])
    writer.end([])
    expect(packets).toHaveLength(1)
  })

  test('in chunks, with the last one', () => {
    const { writer, begin, packets } = start()
    begin({ kind: 'chunked' })
    writer.write(Buffer.from('ab'))
    writer.write(Buffer.from('c'))
    writer.end(['X', '1'])
    expect(packets).toEqual([`${HEAD}2\r\nab\r\n1\r\nc\r\n0\r\nX: 1\r\n\r\n`])
  })

  test('a large piece with the head before it', () => {
    const { writer, begin, packets } = start()
    begin({ kind: 'chunked' })
    writer.write(bytes(100_000))
    expect(packets.map(({ length }) => length)).toEqual([HEAD.length + 7 + 100_000 + 2])
  })
})

test('a head without company leaves by itself, as soon as what is being done is done', async () => {
  const { begin, writer, packets, ticks } = start()
  begin({ kind: 'chunked' })
  expect(packets).toEqual([])
  await ticks()
  expect(packets).toEqual([HEAD])
  writer.write(Buffer.from('event'))
  await ticks()
  expect(packets).toEqual([HEAD, '5\r\nevent\r\n'])
})

test.each([100, 10_000, 100_000])(
  '%i bytes that are lent may change as soon as they are written',
  async (length) => {
    const taken: Buffer[] = []
    const waiting: (() => void)[] = []
    const slow = () =>
      new Duplex({
        read() {},
        write: (chunk: Buffer, _encoding, done) => {
          // Neither the bytes nor the end of the write are read before everything else is written.
          waiting.push(() => done(void taken.push(Buffer.from(chunk))))
        },
      })
    const lent = Buffer.alloc(length)
    for (const letter of ['a', 'b', 'c']) {
      const writer = new MessageWriter(slow(), 'lent')
      writer.begin(HEAD, { kind: 'fixed', length })
      writer.write(lent.fill(letter))
    }
    for (const take of waiting) take()
    expect(taken.map(String)).toEqual(['a', 'b', 'c'].map((letter) => HEAD + letter.repeat(length)))
  },
)

test('an empty piece is no last chunk', () => {
  const { writer, begin, packets } = start()
  begin({ kind: 'chunked' })
  expect(writer.write(bytes(0))).toBe(true)
  writer.end([])
  expect(packets).toEqual([`${HEAD}0\r\n\r\n`])
})

test('no byte goes out beyond the length, and none is owed at the end', () => {
  const { writer, begin, packets } = start()
  begin({ kind: 'fixed', length: 3 })
  expect(() => writer.write(bytes(4))).toThrow('1 bytes beyond its length')
  begin({ kind: 'fixed', length: 3 })
  writer.write(bytes(2))
  expect(() => writer.end([])).toThrow('lacks 1 bytes')
  expect(packets.join('')).not.toContain('xxxx')
})

test('trailers that would be framing are not written', () => {
  const { writer, begin } = start()
  begin({ kind: 'chunked' })
  for (const trailers of [
    ['Content-Length', '3'],
    ['transfer-encoding', 'chunked'],
    ['X', 'a\r\nY: b'],
    ['X\r\nY', 'b'],
  ]) {
    expect(() => writer.end(trailers)).toThrow('Cannot write trailers')
  }
})
