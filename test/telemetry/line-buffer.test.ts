import { expect, test } from 'vitest'
import { LineBuffer } from '../../src/telemetry/line-buffer.node.ts'
import { ManualTimers } from '../support/manual-timers.ts'

function buffer() {
  const timers = new ManualTimers()
  const written: string[] = []
  const lines = new LineBuffer((text) => void written.push(text), {
    timers,
    maxBytes: 6,
    flushMs: 200,
  })
  return { timers, written, lines }
}

test('lines leave together, when another does not fit', () => {
  const { timers, written, lines } = buffer()
  lines.add('ab')
  lines.add('cd')
  expect(written).toEqual([])
  lines.add('ef')
  expect(written).toEqual(['ab\ncd\n'])
  lines.flush()
  expect(written).toEqual(['ab\ncd\n', 'ef\n'])
  expect(timers.running).toBe(0)
})

test('a line that never fits goes by itself, after those before it', () => {
  const { timers, written, lines } = buffer()
  lines.add('a')
  lines.add('longer')
  expect(written).toEqual(['a\n', 'longer\n'])
  expect(timers.running).toBe(0)
})

test('a line leaves in time when no other comes', () => {
  const { timers, written, lines } = buffer()
  lines.add('a')
  timers.pass(150)
  lines.add('b')
  timers.pass(50)
  expect(written).toEqual(['a\nb\n'])
  lines.add('c')
  timers.pass(199)
  expect(written).toHaveLength(1)
  timers.pass(1)
  expect(written).toEqual(['a\nb\n', 'c\n'])
})

test('what waits leaves at once when it is asked for, and nothing else does', () => {
  const { timers, written, lines } = buffer()
  lines.add('a')
  lines.flush()
  lines.flush()
  expect(written).toEqual(['a\n'])
  expect(timers.running).toBe(0)
})
