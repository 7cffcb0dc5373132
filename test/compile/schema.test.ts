import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { annotations } from '../../src/compile/schema.ts'

test.each(Object.values(annotations))('$name answers any text with a value or a reason', (annotation) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const parsed = annotation.parse(text)
      expect(parsed.ok || parsed.reason !== '').toBe(true)
    }),
  )
})
