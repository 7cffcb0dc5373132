import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/security.md', root), 'utf8')
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (---|can \|)/.test(line))

test('docs/security.md: what somebody cannot do is shown by a test', () => {
  expect(rows.length).toBeGreaterThan(15)
  for (const row of rows) {
    const [, , cannot = '', shownBy = ''] = row.split('|').map((cell) => cell.trim())
    if (cannot !== '') expect(shownBy, row).toMatch(/`test\/[^`]+\.ts`/)
  }
})

test('docs/security.md: the tests are there', () => {
  const named = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path)
  expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
})
