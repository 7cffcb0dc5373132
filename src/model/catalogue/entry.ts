import type { Severity } from '../problem.ts'

/** What is said of every problem of one code; the problem itself says it of one object. */
export interface CatalogueEntry {
  readonly title: string
  /** The usual one: a page says where it is milder. */
  readonly severity: Severity
  /** Why it appears, and what follows from it. */
  readonly cause: string
  readonly mend: string
}

/** Lets a part of the catalogue be read as what it is, and no more. */
export function entries<const Code extends string>(
  part: Readonly<Record<Code, CatalogueEntry>>,
): Readonly<Record<Code, CatalogueEntry>> {
  return part
}
