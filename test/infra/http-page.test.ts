import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)

interface Row {
  readonly section: string
  readonly asks: string
  readonly postern: string
  /** `test/file` › test › case, several with `; `. */
  readonly shownBy: readonly string[]
}

const rows: readonly Row[] = readFileSync(new URL('docs/http.md', root), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => {
    const [section = '', asks = '', postern = '', shownBy = '', ...rest] = line.slice(2, -2).split(' | ')
    if (rest.length > 0) throw new Error(`Cannot read a row of docs/http.md: ${line}`)
    return { section, asks, postern, shownBy: shownBy.split(/; (?=`)/) }
  })

test('docs/http.md says for each requirement what Postern does', () => {
  expect(rows.length).toBeGreaterThan(90)
  for (const { asks, postern } of rows) expect(asks !== '' && postern !== '').toBe(true)
})

test.each(rows.map((row) => [row.section, row.asks, row] as const))(
  'docs/http.md: §%s %s: the tests that show it are there',
  (_section, _asks, { shownBy }) => {
    expect(shownBy.flatMap(missing)).toEqual([])
  },
)

/** What of a reference is not there. */
function missing(reference: string): string[] {
  const [file = '', ...titles] = reference.split(' › ')
  const path = /^`(test\/[\w./-]+\.ts)`$/.exec(file)?.[1]
  if (path === undefined || titles.length === 0) return [`no file and test: ${reference}`]
  const url = new URL(path, root)
  if (!existsSync(url)) return [`no such file: ${path}`]
  const source = readFileSync(url, 'utf8')
  return titles.filter((title) => !isTitle(title, source)).map((title) => `not in ${path}: ${title}`)
}

/** A title stands in quotes; a case also as the name of a property. */
function isTitle(title: string, source: string): boolean {
  return (
    ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`)) || isProperty(title, source)
  )
}

function isProperty(title: string, source: string): boolean {
  return /^[\w ]+$/.test(title) && new RegExp(`^\\s*'?${title}'?:`, 'm').test(source)
}
