import { expect, test } from 'vitest'
import { printable } from '../../src/model/printable.ts'

test('foreign text cannot end or repaint a line', () => {
  expect(printable('a\r\nb\u001b[31m\u0085\u2028c')).toBe('a��b�[31m��c')
  expect(printable('ümlaut 🚪 "x"')).toBe('ümlaut 🚪 "x"')
})

test('foreign text is cut', () => {
  expect(printable('x'.repeat(1000))).toHaveLength(80)
  expect(printable('abc', 2)).toBe('ab')
})
