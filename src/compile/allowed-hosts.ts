import { excerpt } from '../model/excerpt.ts'
import { PREFIX } from '../model/objects/meta.ts'
import type { Namespace } from '../model/objects/namespace.ts'
import type { Problem } from '../model/problem.ts'
import type { RuleOrigin } from '../model/records.ts'
import { annotationField } from './annotations.ts'
import { namespaceAnnotations } from './namespace-schema.ts'
import { annotations } from './schema.ts'

/** A hostname, or a wildcard and what it covers, that a namespace may claim by the operator's word. */
export interface HostAllowance {
  /** `*` for every namespace. */
  readonly namespace: string
  readonly host: string
}

/** What a Namespace says of the hostnames that its Services may claim. Unreadable: none. */
export function readAllowedHosts(namespace: Namespace): {
  hosts: readonly string[]
  problems: readonly Problem[]
} {
  const { allowedHosts } = namespaceAnnotations
  const problems = Object.keys(namespace.meta.annotations)
    .filter((name) => name.startsWith(PREFIX) && name !== allowedHosts.name)
    .map((name) => unknownAnnotation(namespace, name))
  const text = namespace.meta.annotations[allowedHosts.name]
  if (text === undefined) return { hosts: [], problems }
  const parsed = allowedHosts.parse(text)
  if (parsed.ok) return { hosts: parsed.value, problems }
  const problem = namespaceProblem(namespace, {
    code: 'annotation-invalid',
    severity: 'error',
    field: annotationField(allowedHosts.name),
    message: `Cannot read ${allowedHosts.name}: "${excerpt(text, 100)}" is wrong: ${parsed.reason}`,
    hint: `It takes ${allowedHosts.takes}; for example ${allowedHosts.name}: "${allowedHosts.example}". Until then: ${allowedHosts.whenInvalid}.`,
  })
  return { hosts: [], problems: [...problems, problem] }
}

/** Whether one of the allowed names is the host, or a wildcard above it. */
export function isAllowed(host: string, allowed: readonly string[]): boolean {
  return allowed.some((entry) => entry === host || (entry.startsWith('*.') && host.endsWith(entry.slice(1))))
}

/** The claim does not stand: the host is not served for it, and whoever may have it is not hindered. */
export function hostNotAllowed(host: string, origin: RuleOrigin): Problem {
  return {
    code: 'host-not-allowed',
    severity: 'error',
    ...origin,
    field: annotationField(annotations.host.name),
    message: `Namespace ${origin.namespace} may not claim ${host}: the operator allows hostnames one by one`,
    hint: `Ask who runs the cluster to list it in ${namespaceAnnotations.allowedHosts.name} on Namespace ${origin.namespace}, or in the agent's --allow-hosts; without ${annotations.host.name} the default hostname applies.`,
    host,
  }
}

function unknownAnnotation(namespace: Namespace, name: string): Problem {
  return namespaceProblem(namespace, {
    code: 'annotation-unknown',
    severity: 'error',
    field: annotationField(name),
    message: `Unknown annotation ${name} on a Namespace`,
    hint: `The annotations of a Namespace are ${namespaceAnnotations.allowedHosts.name}; others stand on Services.`,
  })
}

function namespaceProblem({ meta }: Namespace, rest: Omit<Problem, 'kind' | 'namespace' | 'name'>): Problem {
  return { kind: 'Namespace', namespace: '', name: meta.name, ...rest }
}
