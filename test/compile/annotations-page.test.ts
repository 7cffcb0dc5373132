import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { renderAnnotationsPage } from '../../src/compile/annotations-page.ts'
import { annotations } from '../../src/compile/schema.ts'

test('docs/annotations.md is current (npm run docs)', () => {
  const page = readFileSync(new URL('../../docs/annotations.md', import.meta.url), 'utf8')
  expect(page).toBe(renderAnnotationsPage())
})

test.each(Object.values(annotations))('the example of $name can be read', (annotation) => {
  expect(annotation.parse(annotation.example)).toMatchObject({ ok: true })
})
