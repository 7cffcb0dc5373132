import { type ProblemCode, problemCodes } from '../problem.ts'
import { catalogue } from './catalogue.ts'

const GENERATED =
  '<!-- Generated from src/model/catalogue and test/fixtures/broken by `npm run docs`: edit those. -->'

/** The page on one code. @param example a manifest that shows the fault. */
export function renderProblemPage(code: ProblemCode, example: string | undefined): string {
  const { title, severity, cause, mend } = catalogue[code]
  const parts = [
    `# ${code}`,
    GENERATED,
    `${title}. Severity: ${severity}.`,
    '## Cause',
    cause,
    '## How to mend it',
    mend,
    ...(example === undefined
      ? []
      : ['## An example of the fault', `\`\`\`yaml\n${example.trimEnd()}\n\`\`\``]),
  ]
  return `${parts.join('\n\n')}\n`
}

/** docs/problems/README.md: all codes. */
export function renderProblemIndex(): string {
  const rows = problemCodes.map((code) => {
    const { title, severity } = catalogue[code]
    return `| [${code}](${code}.md) | ${severity} | ${title} |`
  })
  return `${[HEAD, ['| code | severity | what is wrong |', '| --- | --- | --- |', ...rows].join('\n')].join('\n\n')}\n`
}

const HEAD = `# Problems

${GENERATED}

Each is on one object. \`postern check\` lists them, with file and line for manifests; in a cluster they are on the
console (\`/api/problems\`), in the registry, and Events on the object (\`kubectl describe\`).

\`error\`: something asked for does not work. \`warning\`: it works, but likely not as meant, or not yet. \`info\`: worth
knowing.`
