import { PREFIX } from '../model/objects/meta.ts'

export type AnnotationParse<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string }

/** One annotation: the single source for parsing, for the problems' hints and for docs/annotations.md. */
export interface Annotation<T> {
  readonly name: string
  readonly summary: string
  /** The values it takes, in words. */
  readonly takes: string
  /** What holds when it is absent, in words. */
  readonly otherwise: string
  /** What happens when its value cannot be read, in words: it restricts access, so closed; or the default applies. */
  readonly whenInvalid: string
  readonly example: string
  parse(text: string): AnnotationParse<T>
}

export function define<T>(annotation: Annotation<T>): Annotation<T> {
  return { ...annotation, name: PREFIX + annotation.name }
}
