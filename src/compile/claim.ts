import { normaliseHostPattern } from '../model/host.ts'
import type { Service } from '../model/objects/service.ts'
import { compareText, type Problem } from '../model/problem.ts'
import type { Rule, RuleOrigin } from '../model/records.ts'
import { annotationField, type Reading, serviceProblem } from './annotations.ts'
import { defaultHostOf, type HostNaming, ownerOfHost } from './host-owner.ts'
import { renderHost } from './host-template.ts'
import { annotations, MAX_HOSTS } from './schema.ts'
import type { ServiceTls } from './tls.ts'

/** A rule that an object wants on a host. */
export interface Claim {
  readonly host: string
  /** `metadata.creationTimestamp` of the object, '' where it has none. */
  readonly createdAt: string
  readonly origin: RuleOrigin
  /** Undefined when what is meant cannot be read: the host stays its owner's, and nothing is served there. */
  readonly rule: Rule | undefined
  /** On the names of its Pods, which no other claim of the namespace takes, however old it is. */
  readonly isForPods: boolean
  /** What it asks of TLS there. */
  readonly tls?: ServiceTls | undefined
}

/** The order in which claims win on one path of a host, inside the namespace that owns it. */
export function compareInNamespace(a: Claim, b: Claim): number {
  return Number(b.isForPods) - Number(a.isForPods) || compareClaims(a, b)
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

/** Why the first of two claims goes before the second, as {@link compareClaims} has it. */
export function whyFirst({ createdAt }: Claim, later: Claim): string {
  if (createdAt === '') {
    return 'neither has an age yet (creationTimestamp), so that the first by namespace and name keeps it; in a cluster the older one does'
  }
  if (later.createdAt === '') return 'the one that has an age already (creationTimestamp) keeps it'
  return createdAt === later.createdAt
    ? 'both are of the same age, so that the first by namespace and name keeps it'
    : 'the older one keeps it'
}

/** The hosts that a Service may claim of those it asks for, else its default one. */
export function hostsOf(
  service: Service,
  reading: Reading<readonly string[]>,
  naming: HostNaming,
): { hosts: readonly string[]; problems: readonly Problem[] } {
  if (reading.state === 'absent') return defaultHost(service, naming)
  const hosts: string[] = []
  const problems: Problem[] = []
  for (const host of reading.state === 'valid' ? reading.value : readableHosts(service)) {
    const owner = ownerOfHost(host, naming)
    const isOthers =
      owner.type === 'nobody' || (owner.type === 'namespace' && owner.name !== service.meta.namespace)
    if (isOthers) problems.push(reserved(service, host, naming))
    else hosts.push(host)
  }
  return { hosts, problems }
}

/** Of a list with a fault in it, the rest: they are held, so that a slip of the pen gives no host away. */
function readableHosts(service: Service): readonly string[] {
  const parts = (service.meta.annotations[annotations.host.name] ?? '').split(',').slice(0, MAX_HOSTS)
  return [...new Set(parts.flatMap((part) => normaliseHostPattern(part.trim()) ?? []))]
}

/** `*.` before the default hostname of a headless Service: its Pods' own names, beside whatever hosts it asks for. */
export function podHostsOf({ meta, spec }: Service, naming: HostNaming): string | undefined {
  const isHeadless = spec.clusterIP === 'None' && spec.type !== 'ExternalName'
  const host = isHeadless ? defaultHostOf(meta.name, meta.namespace, naming) : undefined
  return host === undefined ? undefined : `*.${host}`
}

function defaultHost(service: Service, naming: HostNaming) {
  const { name, namespace } = service.meta
  const host = defaultHostOf(name, namespace, naming)
  if (host !== undefined) return { hosts: [host], problems: [] }
  const made = renderHost(naming.hostTemplate, name, namespace, naming.domain)
  const problem = serviceProblem(service, {
    code: 'annotation-invalid',
    severity: 'error',
    field: 'metadata.name',
    message: `${naming.hostTemplate.text} makes ${made} of this Service, which is no hostname of its own`,
    hint: `Give one with ${annotations.host.name}, or shorten the name of the Service.`,
  })
  return { hosts: [], problems: [problem] }
}

function reserved(service: Service, host: string, { domain }: HostNaming): Problem {
  return serviceProblem(service, {
    code: 'host-reserved',
    severity: 'error',
    field: annotationField(annotations.host.name),
    message: `${host} is below ${domain}, where each namespace owns its own names`,
    hint: `Use a name of namespace ${service.meta.namespace}, or one outside ${domain}; without the annotation the default hostname applies.`,
    host,
  })
}
