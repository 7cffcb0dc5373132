import { annotations } from './schema.ts'

/** docs/annotations.md: every annotation, from the schema that parses them. */
export function renderAnnotationsPage(): string {
  const sections = Object.values(annotations).map((annotation) =>
    [
      `## \`${annotation.name}\``,
      annotation.summary,
      [
        `- Takes: ${annotation.takes}.`,
        `- Otherwise: ${annotation.otherwise}.`,
        `- When it cannot be read: ${annotation.whenInvalid}.`,
        `- Example: \`${annotation.name}: "${annotation.example}"\``,
      ].join('\n'),
    ].join('\n\n'),
  )
  return `${[HEAD, ...sections].join('\n\n')}\n`
}

const HEAD = `# Annotations

<!-- Generated from src/compile/schema.ts by \`npm run docs\`: edit that. -->

All stand on the Service. A value that cannot be read is a problem on that Service (\`postern check\` lists them) and never
touches another. Annotation values are strings: quote \`"true"\` and numbers.`
