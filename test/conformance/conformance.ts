// Compares Postern with what others hold to be right. Arguments: which comparison, then its own.
import { netpol } from './netpol.ts'

const cases = { netpol }

const [name = '', ...args] = process.argv.slice(2)
const isKnown = (text: string): text is keyof typeof cases => Object.hasOwn(cases, text)
if (isKnown(name)) process.exitCode = (await cases[name](args)) ? 0 : 1
else {
  console.error(`Usage: npm run conformance -- <${Object.keys(cases).join('|')}>`)
  process.exitCode = 2
}
