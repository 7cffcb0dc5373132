// Writes the pages of docs/ that are generated from the sources.
import { writeFileSync } from 'node:fs'
import { renderAnnotationsPage } from '../../src/compile/annotations-page.ts'

writeFileSync(new URL('../../docs/annotations.md', import.meta.url), renderAnnotationsPage())
