import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generatedPages } from '../../infra/dev/pages.ts'

const docs = new URL('../../docs/', import.meta.url)

test.each([...generatedPages()])('docs/%s is current (npm run docs)', (name, text) => {
  expect(readFileSync(new URL(name, docs), 'utf8')).toBe(text)
})

test('docs/problems has no page of a code that is gone', () => {
  const generated = [...generatedPages().keys()].map((name) => name.replace('problems/', ''))
  expect(readdirSync(new URL('problems/', docs)).filter((name) => !generated.includes(name))).toEqual([])
})
