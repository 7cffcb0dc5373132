import * as fc from 'fast-check'
import { test } from 'vitest'
import { oneText } from '../../src/model/one-text.ts'

test('a text that is held once is what it was, whatever it says', () => {
  const odd = fc.constantFrom('', '0', '-1', '4294967295', '__proto__', 'constructor', 'ä'.repeat(300))
  fc.assert(fc.property(fc.oneof(fc.string(), odd), (text) => oneText(text) === text))
})
