import { compareText } from '../../model/problem.ts'
import { type AnnotationParse, define } from '../annotation.ts'

/** As many as a Service has hostnames. */
const MAX_SECRETS = 16

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** Annotations that name Secrets: docs/secrets.md tells how the agent may read them. */
export const secretAnnotations = {
  tlsSecret: define({
    name: 'tls-secret',
    summary:
      "The certificates of the Service's hostnames: Secrets of type `kubernetes.io/tls` in its own namespace. The agent may read them once a Role says so (`postern roles`, docs/secrets.md).",
    takes: `at most ${MAX_SECRETS} names of Secrets, separated by commas`,
    otherwise: 'the Service brings no certificate',
    whenInvalid: 'the Service brings no certificate',
    example: 'shop-example-com',
    parse: parseSecretNames,
  }),
} as const

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
