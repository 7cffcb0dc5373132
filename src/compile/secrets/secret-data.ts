import type { ConfigMap, Secret } from '../../model/objects/secret.ts'

/** What holds the data: the one or the other is read alike. */
export type DataObject = Secret | ConfigMap

/**
 * One entry as text.
 * @returns undefined when it is not there; null when it is no base64, or no UTF-8
 */
export function textOf({ data }: DataObject, name: string): string | null | undefined {
  const encoded = Object.hasOwn(data, name) ? data[name] : undefined
  if (encoded === undefined) return undefined
  try {
    // Writers of YAML fold long lines.
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** The names of the entries, sorted. */
export function namesOf({ data }: DataObject): readonly string[] {
  return Object.keys(data).sort()
}

/** Files end with a line break, which is nobody's password. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}
