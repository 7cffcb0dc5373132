import { normaliseHost, normaliseHostPattern } from '../model/host.ts'
import type { Service } from '../model/objects/service.ts'
import { compareText, type Problem } from '../model/problem.ts'
import type { Rule, RuleOrigin } from '../model/records.ts'
import { annotationField, type Reading, serviceProblem } from './annotations.ts'
import type { CompileOptions } from './output.ts'
import { annotations, MAX_HOSTS } from './schema.ts'

/** A rule that an object wants on a host. */
export interface Claim {
  readonly host: string
  /** `metadata.creationTimestamp` of the object, '' where it has none. */
  readonly createdAt: string
  readonly origin: RuleOrigin
  /** Undefined when what is meant cannot be read: the host stays its owner's, and nothing is served there. */
  readonly rule: Rule | undefined
}

/** Oldest object first, then namespace, then name (Gateway API's rule for conflicts); one with no age is the youngest. */
export function compareClaims(a: Claim, b: Claim): number {
  const [x, y] = [a.origin, b.origin]
  return (
    compareText(a.createdAt === '' ? '~' : a.createdAt, b.createdAt === '' ? '~' : b.createdAt) ||
    compareText(x.namespace, y.namespace) ||
    compareText(x.name, y.name)
  )
}

/** The hosts that a Service may claim of those it asks for, else its default one. */
export function hostsOf(
  service: Service,
  reading: Reading<readonly string[]>,
  options: CompileOptions,
): { hosts: readonly string[]; problems: readonly Problem[] } {
  if (reading.state === 'absent') return defaultHost(service, options)
  const hosts: string[] = []
  const problems: Problem[] = []
  for (const host of reading.state === 'valid' ? reading.value : readableHosts(service)) {
    if (isReserved(host, service.meta.namespace, options.domain))
      problems.push(reserved(service, host, options.domain))
    else hosts.push(host)
  }
  return { hosts, problems }
}

/** Of a list with a fault in it, the rest: they are held, so that a slip of the pen gives no host away. */
function readableHosts(service: Service): readonly string[] {
  const parts = (service.meta.annotations[annotations.host.name] ?? '').split(',').slice(0, MAX_HOSTS)
  return [...new Set(parts.flatMap((part) => normaliseHostPattern(part.trim()) ?? []))]
}

function defaultHost(service: Service, { domain }: CompileOptions) {
  const host = normaliseHost(`${service.meta.name}.${service.meta.namespace}.${domain}`)
  if (host !== undefined) return { hosts: [host], problems: [] }
  const problem = serviceProblem(service, {
    code: 'annotation-invalid',
    severity: 'error',
    field: 'metadata.name',
    message: `The default hostname ${service.meta.name}.${service.meta.namespace}.${domain} is not a hostname`,
    hint: `Give one with ${annotations.host.name}.`,
  })
  return { hosts: [], problems: [problem] }
}

/**
 * A namespace always owns `*.<namespace>.<domain>`: nobody else may claim a name there, and a wildcard that spans
 * the namespaces belongs to nobody.
 */
function isReserved(host: string, namespace: string, domain: string): boolean {
  const parent = host.startsWith('*.') ? host.slice(2) : undefined
  if (parent !== undefined && (parent === domain || domain.endsWith(`.${parent}`))) return true
  const name = parent === undefined ? host : `any.${parent}`
  if (!name.endsWith(`.${domain}`)) return false
  const labels = name.slice(0, -domain.length - 1).split('.')
  // `<one label>.<domain>` is below no namespace.
  return labels.length > 1 && labels.at(-1) !== namespace
}

function reserved(service: Service, host: string, domain: string): Problem {
  return serviceProblem(service, {
    code: 'host-reserved',
    severity: 'error',
    field: annotationField(annotations.host.name),
    message: `${host} is below ${domain}, where each namespace owns its own names`,
    hint: `Use a name below ${service.meta.namespace}.${domain}, or one outside ${domain}.`,
  })
}
