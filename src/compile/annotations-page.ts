import type { Annotation } from './annotation.ts'
import { namespaceAnnotations } from './namespace-schema.ts'
import { annotations } from './schema.ts'

/** docs/annotations.md: every annotation, from the schema that parses them. */
export function renderAnnotationsPage(): string {
  const ofServices = Object.values(annotations).map(renderSection)
  const ofNamespaces = Object.values(namespaceAnnotations).map(renderSection)
  return `${[HEAD, ...ofServices, NAMESPACE_HEAD, ...ofNamespaces].join('\n\n')}\n`
}

function renderSection(annotation: Omit<Annotation<unknown>, 'parse'>): string {
  return [
    `## \`${annotation.name}\``,
    annotation.summary,
    [
      `- Takes: ${annotation.takes}.`,
      `- Otherwise: ${annotation.otherwise}.`,
      `- When it cannot be read: ${annotation.whenInvalid}.`,
      `- Example: \`${annotation.name}: "${annotation.example}"\``,
    ].join('\n'),
  ].join('\n\n')
}

const HEAD = `# Annotations

<!-- Generated from src/compile/schema.ts, backend-tls-schema.ts, jwt-schema.ts, tls-schema.ts and namespace-schema.ts by \`npm run docs\`: edit those. -->

These stand on the Service. A value that cannot be read is a problem on that Service (\`postern check\` lists them) and never
touches another. Annotation values are strings: quote \`"true"\` and numbers.`

const NAMESPACE_HEAD = `# Annotations of a Namespace

Whoever may write Namespaces says here what the teams in them may do.`
