import { existsSync, readFileSync } from 'node:fs'
import { renderAnnotationsPage } from '../../src/compile/annotations-page.ts'
import { renderProblemIndex, renderProblemPage } from '../../src/model/catalogue/pages.ts'
import { type ProblemCode, problemCodes } from '../../src/model/problem.ts'

const BROKEN = new URL('../../test/fixtures/broken/', import.meta.url)

/** Name below docs/ → text, of every page that is generated. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['annotations.md', renderAnnotationsPage()],
    ['problems/README.md', renderProblemIndex()],
    ...problemCodes.map((code) => [`problems/${code}.md`, renderProblemPage(code, exampleOf(code))] as const),
  ])
}

/** The broken manifest that the tests find exactly this fault in. */
function exampleOf(code: ProblemCode): string | undefined {
  const file = new URL(`${code}.yaml`, BROKEN)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
