// Writes the pages of docs/ that are generated from the sources.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generatedPages } from './pages.ts'

const docs = new URL('../../docs/', import.meta.url)
mkdirSync(new URL('problems/', docs), { recursive: true })
// A code that is gone takes its page along.
for (const name of readdirSync(new URL('problems/', docs))) rmSync(new URL(`problems/${name}`, docs))
for (const [name, text] of generatedPages()) writeFileSync(fileURLToPath(new URL(name, docs)), text)
