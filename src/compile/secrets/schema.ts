import { compareText } from '../../model/problem.ts'
import type { AnnotationParse } from '../annotation.ts'

/** As many as a Service has hostnames. */
export const MAX_SECRETS = 16

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** Names of Secrets in the namespace of whoever names them, sorted. */
export function parseSecretNames(text: string): AnnotationParse<readonly string[]> {
  const names = new Set<string>()
  for (const part of text.split(',')) {
    const name = part.trim()
    if (name.includes('/')) return { ok: false, reason: 'only Secrets of its own namespace can be named' }
    if (name.length > 253 || !NAME.test(name)) return { ok: false, reason: 'not a name of a Secret' }
    names.add(name)
  }
  return names.size > MAX_SECRETS
    ? { ok: false, reason: `more than ${MAX_SECRETS} names` }
    : { ok: true, value: [...names].sort(compareText) }
}

/** One name, for annotations that take no list. */
export function parseSecretName(text: string): AnnotationParse<string> {
  const parsed = parseSecretNames(text)
  if (!parsed.ok) return parsed
  const [name, second] = parsed.value
  return name === undefined || second !== undefined
    ? { ok: false, reason: 'more than one name' }
    : { ok: true, value: name }
}

/** An object of the namespace of whoever names it that holds certificates of authorities. */
export interface AuthorityName {
  readonly kind: 'Secret' | 'ConfigMap'
  readonly name: string
}

/** `secret/NAME` or `configmap/NAME`. */
export function parseAuthorityName(text: string): AnnotationParse<AuthorityName> {
  const [, kind, name = ''] = /^(secret|configmap)\/(.*)$/i.exec(text.trim()) ?? []
  if (kind === undefined) return { ok: false, reason: 'neither secret/NAME nor configmap/NAME' }
  const checked = parseSecretName(name)
  if (!checked.ok) return checked
  return {
    ok: true,
    value: { kind: kind.toLowerCase() === 'secret' ? 'Secret' : 'ConfigMap', name: checked.value },
  }
}
